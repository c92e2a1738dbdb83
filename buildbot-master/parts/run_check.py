"""The step that runs the runner on the worker: from properties to a command line, from an exit code to a result."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from buildbot.process.buildstep import BuildStep, ShellMixin
from buildbot.process.results import EXCEPTION, FAILURE, RETRY, SUCCESS, WARNINGS
from twisted.internet import defer, threads

from buildbot_master.parts.build import folders_of
from buildbot_master.parts.check_files import own_check_path
from buildbot_master.parts.fetch_check import fetch_check, wanted_repository
from buildbot_master.parts.hand_over import Run, is_handed_over
from buildbot_master.parts.job_properties import RUNNER_PROPERTIES, facts_of, parameters_of
from buildbot_master.parts.mirrors import MirrorError, Wanted
from buildbot_master.parts.progress import say_running
from buildbot_master.parts.saying import say
from buildbot_master.parts.settings import Settings

#: Exit code of the runner -> result of the build. Any other code is FAILURE.
RESULTS = {
    0: SUCCESS,
    1: FAILURE,      # the check broke
    2: FAILURE,      # the check file is wrong
    3: RETRY,        # the surroundings failed
    70: EXCEPTION,   # a bug in the runner
    126: RETRY,      # the runner could not be started on that worker
    127: RETRY,
    143: FAILURE,    # terminated; a stopped build is CANCELLED whatever this says
}


def command_line(settings: Settings, run: Run, check: str, folder: str, asked: Sequence[str] = ()) -> list[str]:
    """
    Return the runner's argv; `folder` is relative to the build's folder on the worker, `asked` is of `asked_of_runner`.

    No shell reads it, and `--name=value` keeps an item from being taken for an option.
    """
    return [*settings.runner_command, "run", check, f"--item={run.item}", f"--item-type={run.item_type}",
            f"--arch={run.arch}", f"--build-id={run.build_id}", f"--artifacts={folder}", *asked]


def asked_of_runner(build: Any) -> list[str]:
    """Return the options that the job's kind of worker asks for; the door let only known words in."""
    return [f"--{name}={value}" for name in RUNNER_PROPERTIES if (value := build.getProperty(name))]


def known_of(properties: Mapping[str, Any], wanted: Wanted | None) -> list[str]:
    """Return as options what the job's properties say of its item, and which repository the check is from."""
    options = [f"--fact={name}={value}" for name, value in facts_of(properties).items()]
    options += [f"--parameter={name}={value}" for name, value in parameters_of(properties).items()]
    if wanted is not None:
        options.append(f"--check-repository={wanted.repository}")
        if revision := properties.get("check_revision"):
            options.append(f"--check-revision={revision}")
    return options


def check_for(settings: Settings, run: Run) -> str:
    """Return what the runner is told to run: a name of the library, or a path in one of our own folders of checks."""
    return str(own_check_path(settings, run.taskname) or run.taskname)


def folder_on_worker(build: Any, run: Run) -> str:
    """Return where the runner leaves its files: another folder at each attempt, so none sees another's."""
    return f"runs/{run.build_id}-{build.buildid}"


def checks_on_worker(build: Any, run: Run) -> str:
    """Return where the check of a repository is put."""
    return f"checks/{run.build_id}-{build.buildid}"


class RunCheck(ShellMixin, BuildStep):  # type: ignore[misc]
    """Runs `checkotron run` unless that run has ended before (the master died between the end and its note)."""

    name = "run check"
    flunkOnFailure = True
    haltOnFailure = False

    def __init__(self, settings: Settings, **arguments: Any) -> None:
        self.settings = settings
        arguments = self.setupShellMixin({
            "timeout": settings.silence_timeout_seconds, "maxTime": settings.run_timeout_seconds,
            "interruptSignal": "TERM", "sigtermTime": settings.grace_seconds, "logEnviron": False,
            "usePTY": False, "decodeRC": RESULTS, "env": dict(settings.runner_environment), **arguments})
        super().__init__(**arguments)

    @defer.inlineCallbacks
    def run(self) -> Any:
        run: Run = yield self.build.run_record()
        say("build started", build_id=run.build_id, check=run.taskname, item=run.item, arch=run.arch,
            worker=self.getWorkerName(), build=self.build.buildid)
        if is_handed_over(folders_of(self.settings), run.build_id):
            self.descriptionDone = ["ended before"]
            return SUCCESS
        try:
            check = yield self._check(run)
        except MirrorError as error:
            return (yield self._cannot_have(error))
        if self.settings.progress:
            yield threads.deferToThread(say_running, self.settings, folders_of(self.settings).queue, run)
        command = command_line(self.settings, run, check, folder_on_worker(self.build, run),
                               [*asked_of_runner(self.build), *self._known(run)])
        remote = yield self.makeRemoteShellCommand(command=command)
        yield self.runCommand(remote)
        self.build.runner_exit_code = remote.rc
        if self.timed_out or remote.rc is None:
            self.build.runner_trouble = "ended by the master: it ran too long, or said nothing for too long"
        result = remote.results()
        self.descriptionDone = [f"{run.taskname} {run.item}", _WORDS.get(remote.rc, f"ended with {remote.rc}")]
        return WARNINGS if result is None else result

    def _known(self, run: Run) -> list[str]:
        properties = {name: value for name, (value, _) in self.build.getProperties().asDict().items()}
        return known_of(properties, wanted_repository(self.settings, self.build, run))

    @defer.inlineCallbacks
    def _check(self, run: Run) -> Any:
        """Return what the runner is told to run; a check of a repository is brought to the worker first."""
        wanted = wanted_repository(self.settings, self.build, run)
        if wanted is None:
            return check_for(self.settings, run)
        # the folder's name is the check's: the runner looks for `<name>.yml` in it
        target = f"{checks_on_worker(self.build, run)}/{run.taskname}"
        if not (yield fetch_check(self, self.settings, wanted, target)):
            raise MirrorError("the check could not be brought to the worker", is_for_ever=False)
        return target

    @defer.inlineCallbacks
    def _cannot_have(self, error: MirrorError) -> Any:
        yield self.addCompleteLog("fetch check", f"{error}\n")
        self.build.runner_exit_code = 2 if error.is_for_ever else 3
        self.build.runner_trouble = str(error)
        self.descriptionDone = [f"check cannot be had: {error}"[:200]]
        return FAILURE if error.is_for_ever else RETRY


_WORDS = {0: "ran", 1: "check broke", 2: "check file is wrong", 3: "surroundings failed", 70: "bug in the runner",
          126: "runner cannot start", 127: "runner not found", 143: "terminated"}
