"""git: fetches one revision of a repository."""
from __future__ import annotations

import os
import shutil

from checks.kind import Place, Text
from checks.record import Key, Record
from runner.address_rule import AddressRule, rule_in
from runner.directive import Directive, DirectiveContext, DirectiveError, SurroundingsError
from runner.git import REF, MissingRevisionError, Source, fetch


class Git(Directive):
    """Fetch one revision by http or https, without submodules and without anybody's credentials."""

    name = "git"
    needs = ("git", "prlimit")
    PARAMETERS = Record((
        Key("url", Text("a URL of http or https", r"https?://\S{1,2000}"), "The repository.",
            example="https://git.example.org/checks.git"),
        Key("git_commit", Text("server/repository#branch#commit",
                               r"(?!-)[^#\s]{1,500}#[^#\s]{0,250}#[0-9a-fA-F]{4,64}"),
            "An item of that type, instead of `url` and `gitref`.", example="${git_commit}"),
        Key("gitref", Text("a branch, a tag or a commit", REF),
            "What to fetch; the repository's own choice without it.", example="main"),
        Key("target_dir", Text(), "The folder that the files come into; it must be new or empty.", required=True,
            example="${workdir}/source"),
    ), one_of=(("url", "git_commit"),))

    def check_parameters(self, place: Place) -> None:
        """An item says its commit itself."""
        if self.parameters["git_commit"] and self.parameters["gitref"]:
            place.at("gitref").fault("`git_commit` names the revision already; leave `gitref` out")

    def run(self, context: DirectiveContext) -> dict[str, str]:
        """Return `path`, `commit` and `url`."""
        source = self._source(rule_in(context.settings))
        target = context.inside(self.parameters["target_dir"])
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise DirectiveError(f"`target_dir` `{self.parameters['target_dir']}` is not empty; give a new folder")
        folder = context.private / f"git-{os.urandom(4).hex()}"
        try:
            commit = fetch(source, folder, context.abort, timeout_seconds=context.timeout_seconds)
            context.folder(str(target.parent))
            os.rename(folder, target)
        except MissingRevisionError as error:
            raise SurroundingsError(str(error), "no-such-revision") from None
        except OSError as error:
            raise SurroundingsError(f"`target_dir` `{self.parameters['target_dir']}`: {error.strerror}") from None
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        context.note("derived_from", f"git:{source.url}#{commit}")
        return {"path": str(target), "commit": commit, "url": source.url}

    def _source(self, rule: AddressRule | None = None) -> Source:
        given = self.parameters
        if given["git_commit"]:
            repository, _, commit = given["git_commit"].split("#")
            return Source(f"https://{repository}", commit, rule=rule)
        return Source(given["url"], given["gitref"] or "HEAD", rule=rule)
