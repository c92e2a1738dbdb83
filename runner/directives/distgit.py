"""distgit: downloads files of a package's repository, without the rest of it."""
from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from checks.item import ItemError, parse_nvr
from checks.kind import Flag, ListOf, Place, Text
from checks.record import Key, Record
from runner.address_rule import rule_in
from runner.directive import Directive, DirectiveContext, DirectiveError, SurroundingsError
from runner.dist_git import DistGit, dist_git_at
from runner.git import REF

#: Where development happens; Taskotron's `master` is the oldest of its names.
DEVELOPMENT_BRANCHES = ("rawhide", "main", "master")
_PATH = Text("a path inside the repository", r"(?!/)(?!(?:.*/)?\.{1,2}(?:/|$))[^\x00-\x1f]{1,512}")
_NAME = r"(?![.-])[A-Za-z0-9_.+-]{1,128}"


class Distgit(Directive):
    """Download files, as they are on the branch of a release, at a tag or at a commit."""

    name = "distgit"
    PARAMETERS = Record((
        Key("package", Text("a package's name", _NAME), "The package.", example="xchat"),
        Key("nvr", Text(), "A build, instead of the package; its release says which branch.", example="${koji_build}"),
        Key("dist_git_commit", Text("namespace/repository#commit", rf"{_NAME}/{_NAME}#[0-9a-fA-F]{{4,64}}"),
            "An item of that type, instead of package, namespace and `gitref`.", example="${dist_git_commit}"),
        Key("gitref", Text("a branch, a tag or a commit", REF), "Where to look; without it the branch of the build, "
            "else the one of development: `rawhide`, `main` or `master`.", example="f43"),
        Key("namespace", Text("a namespace", rf"{_NAME}(?:/{_NAME})?"), "The namespace.", default="rpms",
            example="rpms"),
        Key("path", ListOf(_PATH, single=True), "The files.", required=True, example=["xchat.spec"]),
        Key("localpath", ListOf(_PATH, single=True), "Their names in `target_dir`, as many as `path` has; the same "
            "names without it.", example=["package.spec"]),
        Key("target_dir", Text(), "The folder to download into.", required=True, example="${workdir}/spec"),
        Key("baseurl", Text("a URL of http or https", r"https?://\S{1,500}"), "The server, instead of the configured "
            "one. Another layout than that of Fedora's dist-git is written out with {namespace}, {package}, {gitref} "
            "and {path}.", example="https://src.example.org"),
        Key("ignore_missing", Flag(), "True passes over files that are not there.", default=False, example=True),
    ), one_of=(("package", "nvr", "dist_git_commit"),))

    def check_parameters(self, place: Place) -> None:
        """Paths and names belong together, one to one."""
        given = self.parameters
        paths, names = given["path"], given["localpath"]
        if names is not None and not isinstance(names, str) and len(names) != len(paths):
            place.at("localpath").fault(f"has {len(names)} entries, `path` has {len(paths)}; expected as many")
        if given["dist_git_commit"] and given["gitref"]:
            place.at("gitref").fault("`dist_git_commit` names the revision already; leave `gitref` out")

    def run(self, context: DirectiveContext) -> dict[str, Any]:
        """Return `downloaded_files`, and `gitref`: where they were found."""
        base = self.parameters["baseurl"] or context.settings.get("distgit_url")
        if not base:
            raise SurroundingsError("no dist-git server is set; give `baseurl`, or set $CHECKOTRON_DISTGIT_URL",
                                    "not-configured")
        namespace, package, refs = self._what()
        target = context.folder(self.parameters["target_dir"])
        rule = rule_in(context.settings) if self.parameters["baseurl"] else None
        with dist_git_at(base, namespace, package, context, rule) as repository:
            value = self._files(repository, target, refs)
        context.note("derived_from", f"dist-git:{namespace}/{package}#{value['gitref']}")
        return value

    def _what(self) -> tuple[str, str, tuple[str, ...]]:
        """Return namespace, package, and the revisions to look at, one after the other."""
        given = self.parameters
        namespace, package, ref = given["namespace"], given["package"], given["gitref"]
        if given["dist_git_commit"]:
            repository, _, commit = given["dist_git_commit"].partition("#")
            namespace, _, package = repository.rpartition("/")
            return namespace, package, (commit,)
        if given["nvr"]:
            try:
                nvr = parse_nvr(given["nvr"])
            except ItemError as error:
                raise DirectiveError(f"`nvr`: {error}", "wrong-check") from None
            return namespace, nvr.name, (ref,) if ref else (branch_of(nvr.release), *DEVELOPMENT_BRANCHES)
        return namespace, package, (ref,) if ref else DEVELOPMENT_BRANCHES

    def _files(self, repository: DistGit, target: Path, refs: tuple[str, ...]) -> dict[str, Any]:
        paths = self.parameters["path"]
        names = self.parameters["localpath"] or paths
        for ref in refs:
            found = [place for path, name in zip(paths, names, strict=True)
                     if repository.take(ref, path, place := _below(target, name))]
            if not found and ref != refs[-1] and not repository.has(ref, target):
                continue
            missing = [path for path, name in zip(paths, names, strict=True) if target / name not in found]
            if missing and not self.parameters["ignore_missing"]:
                shown_refs = ref if found or len(refs) == 1 else "`, `".join(refs)
                raise SurroundingsError(f"`{repository.name}` has no `{'`, `'.join(missing)}` at `{shown_refs}`; "
                                        "`ignore_missing: true` passes over it", "no-such-file")
            return {"downloaded_files": [str(place) for place in found], "gitref": ref}
        raise AssertionError("unreachable: the last revision always ends the loop")


def branch_of(release: str) -> str:
    """Return the branch of a build by its dist tag: `fc43` is `f43`, `el9` is `epel9`. Raises DirectiveError: none."""
    for tag, branch in ((r"\.fc(\d+)", "f"), (r"\.el(\d+)", "epel")):
        if match := re.search(tag + r"(?:[._~^]|$)", release):
            return branch + match.group(1)
    if re.search(r"\.eln\d*(?:\.|$)", release):
        return DEVELOPMENT_BRANCHES[0]
    raise DirectiveError(f"release `{release}` names no branch; expected `.fcNN` or `.elN` in it, or give `gitref`",
                         "wrong-check")


def _below(target: Path, name: str) -> Path:
    """Return the place for a file, its folders made; a link that the check left there leads nowhere."""
    place = target / name
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise DirectiveError(f"`{name}` cannot be made in `target_dir`: a file stands in the way") from None
    if place.is_dir() and not place.is_symlink():
        raise DirectiveError(f"`{name}` cannot be made in `target_dir`: there is a folder of that name")
    if not place.parent.resolve().is_relative_to(target.resolve()):
        raise DirectiveError(f"`{name}` leads out of `target_dir` by a link", "wrong-check")
    return place
