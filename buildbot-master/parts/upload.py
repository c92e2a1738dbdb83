"""The step that brings the files of a run to the master. What arrives is a stranger's: see unpack.py."""
from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from buildbot.process.buildstep import BuildStep
from buildbot.process.remotecommand import RemoteCommand
from buildbot.process.remotetransfer import FileWriter
from buildbot.process.results import RETRY, SUCCESS, WARNINGS
from twisted.internet import defer, threads

from buildbot_master.parts.build import folders_of
from buildbot_master.parts.hand_over import Run, put_in_place
from buildbot_master.parts.run_check import checks_on_worker, folder_on_worker
from buildbot_master.parts.settings import Settings
from buildbot_master.parts.unpack import Unpacked, unpack

#: Bytes a message of the transfer.
_BLOCK_BYTES = 256 * 1024
#: A tar file is longer than its files: 512 bytes a header, and the padding.
_OVERHEAD_BYTES = 4096


class _ArchiveWriter(FileWriter):  # type: ignore[misc]
    """
    Takes the worker's tar file as it is. Buildbot's own writer unpacks it in the reactor, links included.

    Never raises: an error that is sent to a worker of Buildbot 4.3 cannot be sent back, and its command never ends.
    """

    #: Why something could not be written.
    trouble: OSError | None = None

    def remote_write(self, data: Any) -> None:
        """Take a block; none after one that could not be written."""
        if self.trouble is None:
            try:
                super().remote_write(data)
            except OSError as error:
                self.trouble = error

    def remote_unpack(self) -> None:
        """The worker has sent everything."""
        try:
            self.remote_close()
        except OSError as error:
            self.trouble = self.trouble or error

    def cancel(self) -> None:
        """Remove what did not arrive as a whole."""
        try:
            super().cancel()
        except OSError:
            # its last bytes found no place either
            self.purge()


class UploadArtifacts(BuildStep):  # type: ignore[misc]
    """Uploads the run's folder, also of a run that failed or was stopped, and removes it from the worker."""

    name = "upload"
    alwaysRun = True
    haltOnFailure = False
    flunkOnFailure = False

    def __init__(self, settings: Settings, **arguments: Any) -> None:
        self.settings = settings
        super().__init__(**arguments, doStepIf=lambda step: step.build.runner_exit_code is not None
                         and not step.build.is_interrupted, hideStepIf=lambda result, step: result == SUCCESS)

    @defer.inlineCallbacks
    def run(self) -> Any:
        run: Run = yield self.build.run_record()
        folders = folders_of(self.settings)
        source = folder_on_worker(self.build, run)
        archive = folders.incoming / f"{run.build_id}.tar"
        try:
            folders.make()
            arrived, cut = yield self._fetch(source, archive)
            yield self._remove(source, checks_on_worker(self.build, run))
            if not arrived:
                yield self._tell("the run left no folder that could be fetched\n")
                # a run that says it worked and left nothing has lost its results: once more
                return RETRY if self.build.runner_exit_code == 0 else WARNINGS
            done = yield threads.deferToThread(self._unpack, archive, run)
        except OSError as error:
            yield self._tell(f"cannot be stored: {error}\n")
            # else each attempt would leave its folder there
            yield self._remove(source, checks_on_worker(self.build, run))
            return RETRY
        finally:
            archive.unlink(missing_ok=True)
        yield self.addURL("files of this run", self.settings.log_url(run.build_id))
        self.descriptionDone = [f"{done.files} files"]
        if not done.left_out and not cut:
            return SUCCESS
        yield self._tell(_summary(done, cut))
        return WARNINGS

    @defer.inlineCallbacks
    def _tell(self, text: str) -> Any:
        """Write the step's log; one that says nothing new would cost three transactions."""
        yield self.addCompleteLog("stdio", text)

    @defer.inlineCallbacks
    def _fetch(self, source: str, archive: Path) -> Any:
        """Return (something arrived, it was cut at the limit)."""
        limit = self.settings.artifacts_limit_bytes + _OVERHEAD_BYTES * self.settings.artifacts_limit_files
        writer = _ArchiveWriter(str(archive), limit, 0o600)
        command = RemoteCommand("uploadDirectory", {
            "workdir": self.build.workdir, "workersrc": source, "writer": writer, "maxsize": limit,
            "blocksize": _BLOCK_BYTES, "compress": None}, decodeRC={0: SUCCESS, None: SUCCESS, 1: WARNINGS})
        try:
            yield self.runCommand(command)
        finally:
            writer.cancel()
        if writer.trouble is not None:
            raise writer.trouble
        return archive.exists(), command.rc not in (0, None)

    @defer.inlineCallbacks
    def _remove(self, *folders: str) -> Any:
        if self.build.conn is None:
            return
        used = folders if self.getProperty("check_repository") or self.settings.repositories else folders[:1]
        arguments = {"dir": [f"{self.build.workdir}/{folder}" for folder in used], "logEnviron": False}
        yield self.runCommand(RemoteCommand("rmdir", arguments, decodeRC={0: SUCCESS}))

    def _unpack(self, archive: Path, run: Run) -> Unpacked:
        """In a thread: a large tree must not hold up the master."""
        folders = folders_of(self.settings)
        incoming = folders.incoming / run.build_id
        shutil.rmtree(incoming, ignore_errors=True)
        done = unpack(archive, incoming, self.settings.artifacts_limit_bytes, self.settings.artifacts_limit_files)
        put_in_place(folders, run.build_id, incoming)
        return done


def _summary(done: Unpacked, cut: bool) -> str:
    lines = [f"{done.files} files, {done.size_bytes} bytes"]
    if cut:
        lines.append("cut: the worker sent more than is allowed, or could not read everything")
    lines += [f"left out: {reason}" for reason in done.reasons]
    if done.left_out > len(done.reasons):
        lines.append(f"and {done.left_out - len(done.reasons)} more left out")
    return "\n".join(lines) + "\n"
