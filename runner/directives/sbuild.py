"""sbuild: builds a Debian source package in a clean chroot, which user namespaces keep apart from the machine."""
from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from checks.kind import Choice, ListOf, Place, Text, Whole
from checks.outcome import Outcome
from checks.record import Key, Record
from runner.chroot import (
    DEBIAN_ARCHES,
    ChrootError,
    build_account,
    chroot_names,
    chroots_folder,
    chroots_in,
    find_chroot,
)
from runner.debian_build import DebianBuild, fresh, succeeded
from runner.directive import Directive, DirectiveContext, DirectiveError, SurroundingsError
from runner.manifest import verify_manifest
from runner.sbuild_log import SKIPPED, Summary

_WORD = r"[a-z0-9][a-z0-9.+-]{0,63}"
_ANY, _ALL, _SOURCE = "any", "all", "source"


class Sbuild(Directive):
    """Build one source package. A package that fails to build is a result, not a fault of the run."""

    name = "sbuild"
    VERSION = 1
    needs = ("sbuild", "setpriv", "unshare", "newuidmap")
    PARAMETERS = Record((
        Key("source", Text(), "The .dsc file in the workspace, or a folder with exactly one; the files that it lists "
            "lie beside it.", required=True, example="${workdir}/source"),
        Key("distribution", Text("a distribution's name", _WORD), "What to build for; it names the chroot.",
            required=True, example="bookworm"),
        Key("host_architecture", Text("an architecture of Debian", _WORD),
            "What to build for; the run's own architecture without it.", example="amd64"),
        Key("build", ListOf(Choice((_ANY, _ALL, _SOURCE)), single=True), "What to build: packages for this "
            "architecture, for all, the source package.", default=(_ANY, _ALL), example=["any"]),
        Key("profiles", ListOf(Text("a build profile", _WORD), single=True, commas=True), "Build profiles.",
            default=(), example=["nocheck"]),
        Key("variant", Text("a chroot's variant", _WORD), "A chroot with this behind its name is taken where there is "
            "one.", example="clang"),
        Key("extra_repositories",
            ListOf(Text("a line of sources.list", r"deb(?:-src)? [\x20-\x7e]{1,500}"), single=True),
            "Further repositories to take build dependencies from.", default=(),
            example=["deb https://deb.example.org/debian bookworm-backports main"]),
        Key("extra_repository_keys", ListOf(Text(), single=True), "Files with their keys, in the workspace.",
            default=(), example=["${workdir}/archive.asc"]),
        Key("extra_packages", ListOf(Text(), single=True), "Packages (.deb) in the workspace that the build may use.",
            default=(), example=["${workdir}/built/libx1_1.0_amd64.deb"]),
        Key("binnmu", Record((
            Key("number", Whole(1, 999), "The number, as in `+b1`.", required=True, example=1),
            Key("changelog", Text("one line", r"[^\n]{1,500}"), "Why.", required=True, example="Rebuild."),
            Key("maintainer", Text("a name with an address", r"[^\n<>]{1,200} <[^\s<>@]{1,100}@[^\s<>@]{1,100}>"),
                "Who is named for it.", required=True, example="A Builder <builder@example.org>"))),
            "Builds a binary-only upload.", example={"number": 1, "changelog": "Rebuild.",
                                                     "maintainer": "A Builder <builder@example.org>"}),
        Key("target_dir", Text(), "The folder for what was built.", default="built", example="${workdir}/built"),
    ))

    def check_parameters(self, place: Place) -> None:
        """Some parameters exclude each other."""
        given = self.parameters
        if not given["build"]:
            place.at("build").fault("is empty; expected `any`, `all` or `source`")
        if given["binnmu"] and set(given["build"]) != {_ANY}:
            place.at("binnmu").fault("only packages for one architecture are built again; set `build: any`")

    def chroot_names(self, architecture: str) -> tuple[str, ...]:
        """Return the chroots that would do, the best one first."""
        return chroot_names(self.parameters["distribution"], architecture, self.parameters["variant"])

    @classmethod
    def analyse_worker(cls) -> dict[str, Any]:
        """Say whether sbuild is there, who would build, and which chroots there are."""
        found = super().analyse_worker()
        problem = None
        try:
            build_account({})
        except ChrootError as error:
            problem = str(error)
        return found | {cls.prefix("available"): not found[cls.prefix("missing")] and problem is None,
                        cls.prefix("problem"): problem, cls.prefix("chroots"): sorted(chroots_in(chroots_folder({})))}

    def can_run_on(self, capabilities: Mapping[str, Any]) -> tuple[str, ...]:
        """Say what is missing: the program, the account, the chroot."""
        reasons = list(super().can_run_on(capabilities))
        if problem := capabilities.get(self.prefix("problem")):
            reasons.append(f"worker cannot build: {problem}")
        architecture = self.parameters["host_architecture"] \
            or DEBIAN_ARCHES.get(capabilities.get("system:arch", ""), "unknown")
        there = capabilities.get(self.prefix("chroots")) or ()
        names = self.chroot_names(architecture)
        waiting = any("$" in name for name in names)
        if not waiting and not any(name in there for name in names):
            reasons.append(f"worker lacks chroot `{names[-1]}`; it has {', '.join(there) or 'none'}")
        return tuple(reasons)

    def run(self, context: DirectiveContext) -> dict[str, Any]:
        """
        Return `succeeded`, `status`, `fail_stage`, `log`, `files`, `changes`, and `results`: the verdict to go out.

        The log is kept among the artifacts however it ends; packages are kept only of a build that succeeded.
        Raises SurroundingsError: the machine, the chroot or the network failed, not the package.
        """
        dsc = self.configure(context)
        try:
            account = build_account(context.settings)
            architecture = self._architecture(context)
            chroot = find_chroot(self.chroot_names(architecture), chroots_folder(context.settings))
        except ChrootError as error:
            raise SurroundingsError(str(error), "no-chroot") from None
        log = fresh(context.artifactsdir / f"{dsc.stem}_{architecture}.build")
        with DebianBuild(account, log) as build:
            build.fetch_input(dsc)
            context.note("derived_from", f"debian:{dsc.name}")
            argv = self.command(build.folder / dsc.name, chroot, architecture, context)
            summary, returncode = build.run(argv, context)
            errors = self.check_output(build) if succeeded(returncode, summary) else []
            return self._publish(build, (summary, succeeded(returncode, summary) and not errors, errors), context)

    def configure(self, context: DirectiveContext) -> Path:
        """Return the .dsc, after it and what it lists have been held against each other. Raises DirectiveError."""
        given = self.parameters["source"]
        path = context.inside(given)
        if path.is_dir():
            found = sorted(path.glob("*.dsc"))
            if len(found) != 1:
                names = ", ".join(f"`{each.name}`" for each in found[:5]) or "none"
                raise DirectiveError(f"`source`: `{given}` has {len(found)} source packages ({names}); "
                                     "expected one .dsc")
            path = found[0]
        if path.suffix != ".dsc" or not path.is_file() or path.is_symlink():
            raise DirectiveError(f"`source`: `{given}` is no source package; expected a .dsc file or a folder with one")
        beside = {entry.name for entry in path.parent.iterdir()}
        faults = verify_manifest(path.parent, [path], beside)
        if faults:
            raise DirectiveError(f"`source`: {'; '.join(faults[:5])}", "bad-source")
        return path

    def command(self, dsc: Path, chroot: Path, architecture: str, context: DirectiveContext) -> tuple[str, ...]:
        """Return the command line."""
        given = self.parameters
        argv = ["sbuild", "--chroot-mode=unshare", f"--chroot={chroot}", f"--dist={given['distribution']}",
                f"--host={architecture}", "--nolog", "--batch", "--no-run-lintian", "--no-run-piuparts",
                "--no-run-autopkgtest", "--no-apt-distupgrade", "--no-clean-source",
                # it would look for dose3 in the chroot, and fail where that is not to be had
                "--bd-uninstallable-explainer=none", f"--build-dir={dsc.parent}",
                "--arch-any" if _ANY in given["build"] else "--no-arch-any",
                "--arch-all" if _ALL in given["build"] else "--no-arch-all",
                "--source" if _SOURCE in given["build"] else "--no-source"]
        argv += [f"--profiles={','.join(given['profiles'])}"] if given["profiles"] else []
        argv += [f"--extra-repository={line}" for line in given["extra_repositories"]]
        argv += [f"--extra-repository-key={context.inside(key)}" for key in given["extra_repository_keys"]]
        argv += [f"--extra-package={context.inside(package)}" for package in given["extra_packages"]]
        if binnmu := given["binnmu"]:
            argv += [f"--make-binNMU={binnmu['changelog']}", f"--binNMU={binnmu['number']}",
                     f"--maintainer={binnmu['maintainer']}"]
        return (*argv, str(dsc))

    def check_output(self, build: DebianBuild) -> list[str]:
        """Return what is wrong with what was built: everything is listed in the .changes, and is what is listed."""
        changes = sorted(build.folder.glob("*.changes"))
        if not changes:
            return ["the build says that it succeeded, and there is no .changes file"]
        return verify_manifest(build.folder, changes, {*build.inputs, *build.own})

    def _architecture(self, context: DirectiveContext) -> str:
        asked = self.parameters["host_architecture"]
        return str(asked or DEBIAN_ARCHES.get(context.check.arch) or DEBIAN_ARCHES.get(os.uname().machine, "amd64"))

    def _publish(self, build: DebianBuild, end: tuple[Summary, bool, list[str]],
                 context: DirectiveContext) -> dict[str, Any]:
        summary, done, errors = end
        files: list[str] = []
        if done:
            target = context.folder(self.parameters["target_dir"])
            for path in build.made():
                files.append(str(shutil.copyfile(path, fresh(target / path.name))))
        result: dict[str, Any] = {
            "item": context.check.item, "type": context.check.item_type, "outcome": _outcome(summary, done),
            "summary": _sentence(summary, errors, done), "arch": context.check.arch, "artifact": build.log.name}
        if not done:
            result["details"] = {"output": "\n".join(errors or summary.lines)}
        return {"succeeded": done, "status": summary.status, "fail_stage": summary.fail_stage, "log": str(build.log),
                "files": files, "changes": next((name for name in files if name.endswith(".changes")), None),
                "errors": errors, "results": [result]}


def _outcome(summary: Summary, done: bool) -> str:
    if done:
        return Outcome.PASSED.value
    return Outcome.INFO.value if summary.status == SKIPPED else Outcome.FAILED.value


def _sentence(summary: Summary, errors: list[str], done: bool) -> str:
    if done:
        return "built"
    if errors:
        return f"built, and what was built is not consistent: {len(errors)} errors"
    if summary.status == SKIPPED:
        return "skipped: not for this architecture"
    if summary.fail_stage == "install-deps":
        return "build dependencies cannot be installed"
    return f"failed to build, at `{summary.fail_stage}`"
