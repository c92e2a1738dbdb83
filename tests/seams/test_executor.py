"""One suite for every executor: life cycle, ends, abort, output, folders. See runner/executor.py for the promises."""
from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checks.description import Resources
from runner.abort import AbortToken
from runner.all_executors import EXECUTORS, executor_named
from runner.command import Command, CommandResult
from runner.executor import Confinement, ExecutorError, Instance, Sinks
from runner.executors.recording import Answer, RecordingExecutor
from runner.process import CommandNotFoundError
from runner.workspace import Workspace
from tests.support.podman_image import podman_image
from tests.support.stopwatch import quickest

#: Its image is made of this machine's files, in half a minute.
PODMAN = pytest.param("podman", marks=pytest.mark.full)
REAL = ["local", "sandbox", PODMAN]


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    made = Workspace.create(Path(tempfile.gettempdir()))
    made.check.mkdir()
    (made.check / "script").write_text("echo from the check\n")
    yield made
    made.remove()


def confinement(workspace: Workspace, name: str, **changes: Any) -> Confinement:
    image = podman_image() if name == "podman" else None
    return replace(Confinement(workspace, workspace.check, image=image, grace_seconds=0.5), **changes)


class Started:
    """An instance with its executor, and what it printed."""

    def __init__(self, name: str, workspace: Workspace, **changes: Any) -> None:
        self.workspace = workspace
        self.instance: Instance = executor_named(name).start(confinement(workspace, name, **changes))
        self.output: list[bytes] = []

    def run(self, *argv: str, abort: AbortToken | None = None, **more: Any) -> CommandResult:
        command = Command(argv, self.instance.path(self.workspace.work), **more)
        with abort or AbortToken() as token:
            return self.instance.run(command, Sinks(self.output.append, None), token)

    @property
    def text(self) -> str:
        return b"".join(self.output).decode()


@pytest.fixture(params=REAL)
def started(request: pytest.FixtureRequest, workspace: Workspace) -> Iterator[Started]:
    made = Started(request.param, workspace)
    yield made
    made.instance.stop()


def test_every_executor_of_the_list_is_tested_here() -> None:
    assert {"local", "sandbox", *PODMAN.values, "recording"} == set(EXECUTORS)


@pytest.mark.parametrize("name", EXECUTORS)
def test_an_executor_says_what_it_is_and_what_it_needs(name: str) -> None:
    executor = executor_named(name)

    assert executor.name == name
    assert isinstance(executor.problems(), tuple)
    assert isinstance(dict(executor.analyse()), dict)
    assert isinstance(executor.confines, bool)


@pytest.mark.parametrize("name", ["sandbox", PODMAN])
def test_an_executor_whose_program_is_missing_says_how_to_get_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    assert all("is not installed; `apt-get install " in problem for problem in executor_named(name).problems())
    assert executor_named(name).problems()


def test_output_and_exit_code_come_back(started: Started) -> None:
    result = started.run("sh", "-c", "echo out; echo err >&2; exit 7")

    assert (result.returncode, result.cause) == (7, "exited")
    assert sorted(started.text.split()) == ["err", "out"]


def test_several_commands_share_the_working_folder_and_the_artifacts(started: Started) -> None:
    artifacts = started.instance.path(started.workspace.artifacts)
    started.run("sh", "-c", f"echo one > a; mkdir sub; echo two > {artifacts}/b")

    assert started.run("cat", "a").returncode == 0
    assert started.text == "one\n"
    assert (started.workspace.artifacts / "b").read_text() == "two\n"


def test_what_the_runner_puts_there_can_be_changed_by_the_check(started: Started) -> None:
    (started.workspace.work / "rpms").mkdir()
    (started.workspace.work / "rpms" / "a.rpm").write_text("x")

    change = "echo more >> rpms/a.rpm && touch rpms/new && mv rpms/a.rpm rpms/b.rpm"

    assert started.run("sh", "-c", change).returncode == 0


def test_the_checks_own_folder_can_be_read(started: Started) -> None:
    assert started.run("sh", str(started.instance.path(started.workspace.check) / "script")).returncode == 0
    assert started.text == "from the check\n"


def test_environment_and_stdin_reach_the_command(started: Started, workspace: Workspace) -> None:
    (workspace.work / "in").write_text("from stdin\n")

    started.run("sh", "-c", "cat; echo $WORD", environment={"WORD": "a b; c"}, stdin=workspace.work / "in")

    assert started.text == "from stdin\na b; c\n"


def test_a_command_that_is_not_there_is_not_the_surroundings_fault(started: Started) -> None:
    with pytest.raises(CommandNotFoundError, match="`nonono` cannot be started"):
        started.run("nonono")


def test_time_is_held(started: Started) -> None:
    begin = time.monotonic()

    result = started.run("sleep", "60", timeout_seconds=0.7)

    assert (result.cause, result.returncode) == ("timed-out", None)
    assert time.monotonic() - begin < 30


def test_an_abort_ends_every_generation_within_two_seconds_of_the_grace(started: Started) -> None:
    assert quickest(lambda: _abort_generations(started), 1.0 + 0.5 + 2.5) < 1.0 + 0.5 + 2.5


def _abort_generations(started: Started) -> None:
    """Abort them 1 s after they were asked for, with a grace of 0.5 s; nothing of them is left."""
    mark = f"6{os.getpid()}"
    token = AbortToken()
    family = (f"sh -c 'sh -c \"sleep {mark}1 & sleep {mark}2\" & sleep {mark}3' & (setsid sleep {mark}4 &); "
              f"echo up; sleep {mark}5")
    timer = threading.Timer(1.0, token.abort, ("enough",))
    timer.start()

    result = started.run("sh", "-c", family, abort=token)

    assert (result.cause, result.aborted, result.returncode) == ("aborted", True, None)
    assert subprocess.run(["pgrep", "-f", f"sleep {mark}"], capture_output=True, check=False).stdout == b""


def test_nothing_outlives_a_command_that_ends_by_itself(started: Started) -> None:
    mark = f"5{os.getpid()}"

    assert started.run("sh", "-c", f"(setsid sleep {mark} &) ; sleep {mark} & true").returncode == 0

    assert subprocess.run(["pgrep", "-f", f"sleep {mark}"], capture_output=True, check=False).stdout == b""


def test_after_the_stop_nothing_runs_and_a_second_stop_is_harmless(started: Started) -> None:
    started.instance.stop()
    started.instance.stop()

    with pytest.raises(ExecutorError, match="was stopped before this command; start it again"):
        started.run("true")


@pytest.mark.parametrize("name", ["sandbox", PODMAN])
def test_the_network_is_there_only_when_asked_for(name: str, workspace: Workspace) -> None:
    look = "import socket; print(sorted(name for _, name in socket.if_nameindex()))"
    for network in (False, True):
        made = Started(name, workspace, network=network)
        made.run("/usr/bin/python3", "-c", look)
        made.instance.stop()
        alone = made.text.strip() == "['lo']"
        assert alone is not network or made.text == "['lo']\n" == _own_interfaces()


@pytest.mark.parametrize("name", ["sandbox", PODMAN])
def test_the_system_is_read_only_and_the_user_is_nobody(name: str, workspace: Workspace) -> None:
    made = Started(name, workspace)

    result = made.run("sh", "-c", "id -u; touch /usr/x /etc/x /x 2>/dev/null && echo written")

    assert made.text == "65534\n"
    assert result.returncode != 0


@pytest.mark.parametrize("name", ["sandbox", PODMAN])
def test_memory_of_the_whole_tree_is_held(name: str, workspace: Workspace) -> None:
    made = Started(name, workspace, resources=Resources(memory_bytes=200_000_000))
    eat = "data = bytearray(b'x') * 400_000_000; print(len(data))"

    result = made.run("/usr/bin/python3", "-c", eat)

    assert result.returncode != 0
    assert "400000000" not in made.text


def test_a_sandbox_gives_no_root(workspace: Workspace) -> None:
    with pytest.raises(ExecutorError, match="`as_root` is not possible in executor `sandbox`"):
        Started("sandbox", workspace).run("id", as_root=True)


@pytest.mark.full
def test_podman_gives_root(workspace: Workspace) -> None:
    podman = Started("podman", workspace)
    podman.run("id", "-u", as_root=True)
    assert podman.text == "0\n"


@pytest.mark.parametrize("name", ["sandbox", PODMAN])
def test_caches_can_be_written_and_secrets_only_read(name: str, workspace: Workspace, tmp_path: Path) -> None:
    cache, secret = workspace.root / "cache", workspace.root / "secret"
    cache.mkdir()
    cache.chmod(0o777)
    secret.write_text("hunter2")
    secret.chmod(0o644)
    made = Started(name, workspace, caches={"dnf": cache}, secrets={"token": secret})

    made.run("sh", "-c", f"cat {made.instance.path(secret)}; echo x > {made.instance.path(cache)}/kept; "
             f"echo y > {made.instance.path(secret)}")

    assert made.text.startswith("hunter2")
    assert (cache / "kept").read_text() == "x\n"
    assert secret.read_text() == "hunter2"


@pytest.mark.full
def test_an_image_that_is_not_there_is_told_with_how_to_make_one(workspace: Workspace) -> None:
    podman_image()
    with pytest.raises(ExecutorError, match="podman has no image nonono; make one from a tree"):
        executor_named("podman").start(Confinement(workspace, workspace.check, image="nonono"))


def test_a_root_that_is_not_there_is_told(workspace: Workspace) -> None:
    with pytest.raises(ExecutorError, match="root `/nonono` is no folder with a system"):
        Started("sandbox", workspace, image="/nonono").run("true")


def test_a_workspace_that_the_sandbox_cannot_enter_is_told(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    made = Workspace.create(closed)
    if os.geteuid() == 0:
        with pytest.raises(ExecutorError, match="cannot be entered by the sandbox's user; set .CHECKOTRON_WORKSPACES"):
            executor_named("sandbox").start(Confinement(made, made.root))
    shutil.rmtree(closed)


def test_recording_writes_down_and_answers(workspace: Workspace) -> None:
    executor = RecordingExecutor({"rpmlint": Answer(b"fine\n", b"hm\n", 64)})
    instance = executor.start(Confinement(workspace, workspace.check))
    output: list[bytes] = []

    with AbortToken() as token:
        result = instance.run(Command(("/usr/bin/rpmlint", "-V"), workspace.work), Sinks(output.append, None), token)
        token.abort("enough")
        aborted = instance.run(Command(("true",), workspace.work), Sinks(output.append, None), token)
    instance.stop()
    instance.stop()

    assert (result.returncode, output, aborted.aborted) == (64, [b"fine\n", b"hm\n"], True)
    assert [command.argv[0] for command in executor.commands] == ["/usr/bin/rpmlint", "true"]
    assert (executor.started, executor.stopped) == (1, 1)
    with pytest.raises(ExecutorError, match="was stopped"), AbortToken() as token:
        instance.run(Command(("true",), workspace.work), Sinks(output.append, None), token)


def test_an_unknown_executor_is_told_with_those_there_are() -> None:
    with pytest.raises(ExecutorError, match="unknown executor `dokcer`; known: local, podman, sandbox, recording"):
        executor_named("dokcer")


def _own_interfaces() -> str:
    import socket

    return f"{sorted(name for _, name in socket.if_nameindex())}\n"
