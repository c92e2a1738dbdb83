"""createrepo: makes a folder of packages a repository."""
from __future__ import annotations

import os
import shutil

from checks.kind import Text
from checks.record import Key, Record
from runner.captured import Captured
from runner.command import INTO_STDOUT, Command
from runner.directive import Directive, DirectiveContext, DirectiveError
from runner.process import CommandNotFoundError


class Createrepo(Directive):
    """Write `repodata/` for the packages in a folder, with createrepo_c."""

    name = "createrepo"
    needs = ("createrepo_c|createrepo",)
    PARAMETERS = Record((
        Key("repodir", Text(), "The folder with the packages.", required=True, example="${workdir}/rpms"),
    ))

    def run(self, context: DirectiveContext) -> str:
        """Return what createrepo_c printed."""
        folder = context.inside(self.parameters["repodir"])
        if not folder.is_dir():
            raise DirectiveError(f"`repodir` `{self.parameters['repodir']}` is no folder")
        program = "createrepo_c" if shutil.which("createrepo_c") else "createrepo"
        output = context.private / f"createrepo-{os.urandom(4).hex()}"
        command = Command((program, str(folder)), context.workdir, capture_stdout=output, stderr=INTO_STDOUT,
                          timeout_seconds=context.timeout_seconds, writable=(folder,))
        try:
            result = context.run_command(command)
        except CommandNotFoundError as error:
            raise DirectiveError(f"{error}; install createrepo_c", "command-not-found") from None
        text = Captured(output).text()
        if not result.succeeded:
            last = text.strip().splitlines()[-1:] or ["it printed nothing"]
            raise DirectiveError(f"`{program}` {result.in_words(command.timeout_seconds)}: {last[0]}")
        return text
