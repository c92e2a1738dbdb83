"""One build of a Debian source package by sbuild: its folder, its log, its end."""
from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType

from runner.abort import AbortToken
from runner.chroot import Account
from runner.directive import DirectiveContext, DirectiveError, SurroundingsError
from runner.manifest import ManifestError, listed_in
from runner.output import HeadAndTail
from runner.sbuild_log import SUCCESSFUL, Summary, summary_of
from runner.tool import ToolCall, run_tool

#: Of the build log: what is kept of its beginning and of its end.
LOG_HEAD_BYTES, LOG_TAIL_BYTES = 128 * 1024 * 1024, 1024 * 1024


class DebianBuild:
    """
    In a `with`: the folder is there, and gone after it.

    The folder belongs to the account that builds; so it lies beside other temporary files and not in the workspace,
    which that account cannot enter.
    """

    #: Folders of our own in the folder.
    own = ("home", "tmp")

    def __init__(self, account: Account, log: Path) -> None:
        self._account = account
        self.log = log
        self.folder = Path()
        #: Names of the source package's files.
        self.inputs: set[str] = set()

    def __enter__(self) -> DebianBuild:
        self.folder = Path(tempfile.mkdtemp(prefix="checkotron-sbuild-"))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.folder.exists() and os.geteuid() == self._account.uid:
            # what an aborted build leaves belongs to subordinate ids; only inside a namespace it can be removed
            argv = ("unshare", "--user", "--map-auto", "--map-root-user", "rm", "-rf", "--one-file-system",
                    str(self.folder))
            with AbortToken() as never:
                run_tool(ToolCall(argv, Path("/"), timeout_seconds=120, name="unshare"), never)

    def fetch_input(self, dsc: Path) -> None:
        """Copy the source package to where the account builds. Raises DirectiveError: its .dsc cannot be read."""
        try:
            self.inputs = {dsc.name, *(line.name for line in listed_in(dsc))}
        except ManifestError as error:
            raise DirectiveError(f"`source`: {error}", "bad-source") from None
        for name in self.inputs:
            shutil.copyfile(dsc.parent / name, self.folder / name)
        for name in self.own:
            (self.folder / name).mkdir()
        self.folder.chmod(0o755)
        if os.geteuid() != self._account.uid:
            for path in (self.folder, *self.folder.iterdir()):
                os.chown(path, self._account.uid, self._account.gid)

    def run(self, argv: tuple[str, ...], context: DirectiveContext) -> tuple[Summary, int]:
        """
        Build; return what the log says at its end, and the exit code. The log is kept however it ends.

        Raises SurroundingsError: the machine, the chroot or the network failed; DirectiveError: aborted.
        """
        environment = {"HOME": str(self.folder / "home"), "TMPDIR": str(self.folder / "tmp"), "LC_ALL": "C.UTF-8",
                       "USER": self._account.name, "LOGNAME": self._account.name}
        call = ToolCall((*self._account.prefix, *argv), self.folder, environment, context.timeout_seconds,
                        name="sbuild")
        # unbuffered: the log can be read while the build runs, and is whole where it is aborted
        with open(self.log, "xb", buffering=0) as file:
            output = HeadAndTail(file, LOG_HEAD_BYTES, LOG_TAIL_BYTES)
            try:
                end = run_tool(call, context.abort, output.write)
            finally:
                output.finish()
        summary = summary_of(end.tail)
        if summary.status != SUCCESSFUL and not summary.is_of_the_package:
            where = f" at `{summary.fail_stage}`" if summary.fail_stage else ""
            raise SurroundingsError(f"sbuild failed{where}: {summary.error or end.last_line}; see `{self.log.name}`",
                                    "build-broke")
        return summary, end.returncode

    def made(self) -> list[Path]:
        """Return the files that the build made, in the order of names."""
        return [path for path in sorted(self.folder.iterdir())
                if path.is_file() and not path.is_symlink() and path.name not in self.inputs]


def succeeded(returncode: int, summary: Summary) -> bool:
    """True where the program and its log both say so: sbuild ends with 0 where it skipped the package."""
    return returncode == 0 and summary.status == SUCCESSFUL


def fresh(path: Path) -> Path:
    """Return the path with nothing in its place, so that no link there is written through."""
    path.unlink(missing_ok=True)
    return path
