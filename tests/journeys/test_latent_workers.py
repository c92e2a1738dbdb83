"""
A worker that the master starts for a job: Buildbot's DockerLatentWorker, podman's Docker-compatible service, and the
image of docs/compose.
"""
from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.buildbot_master.conftest import RunningMaster, ask, new_master
from tests.support.container_images import Engine, copy_of_checkout
from tests.support.whole_system import wait_for

pytestmark = [pytest.mark.full, pytest.mark.slow, pytest.mark.timeout(1500)]

IMAGE = "localhost/checkotron-latent-test:latest"
PATIENT = """\
name: patient
namespace: dist
description: Waits until it is told to go on.
maintainer: tests
environment: {{executor: local}}
run:
  using: command
  command: >-
    echo here >> {marks}/started; while ! test -e {marks}/go; do sleep 0.2; done;
    echo 'TAP version 13'; echo 'ok 1'; echo 1..1
"""
NEEDY = """\
name: needy
namespace: dist
description: Needs what the image has not.
maintainer: tests
environment: {executor: local, tools: [lintian]}
run: {using: command, command: "true"}
"""
CAGED = """\
name: caged
namespace: dist
description: Runs in the sandbox of a container.
maintainer: tests
environment: {executor: sandbox}
run: {using: command, command: "echo 'TAP version 13'; echo 'ok 1'; echo 1..1"}
"""


@dataclass
class Docker:
    """What answers like Docker, and what a test mounts."""

    engine: Engine
    socket: Path
    folder: Path
    capabilities: Path

    @property
    def marks(self) -> Path:
        return self.folder / "marks"

    def settings(self, **arguments: Any) -> dict[str, Any]:
        """Return the settings of a master that starts workers here."""
        pod = {"name": "pod", "kind": "DockerLatentWorker", "capabilities_file": str(self.capabilities), "arguments": {
            "docker_host": f"unix://{self.socket}", "image": IMAGE, "masterFQDN": "127.0.0.1",
            "volumes": [f"{self.folder}:{self.folder}"], "build_wait_timeout": 2,
            "hostconfig": {"network_mode": "host", "cap_drop": ["ALL"], "security_opt": [
                "no-new-privileges:true", "seccomp=unconfined", "systempaths=unconfined"]},
            **arguments}}
        local = {"name": "local", "slots": 2, "password_file": "../secrets/worker.password"}
        return {"runner_command": ["checkotron"], "runner_environment": {"CHECKOTRON_TRUSTED": str(self.folder)},
                "check_folders": [str(self.folder)], "workers": [local, pod]}

    def containers(self) -> list[str]:
        """Return the ids of the workers that are there, running or not."""
        return self.engine.run("ps", "--all", "--quiet", "--filter", "name=buildbot-pod").split()

    def started(self) -> int:
        """Return how often the check that waits was started."""
        path = self.marks / "started"
        return len(path.read_text().splitlines()) if path.exists() else 0


@pytest.fixture(scope="module")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Docker]:
    folder = tmp_path_factory.mktemp("docker")
    engine = Engine(folder)
    with engine.stand_ins(["debian:12"]), engine.replaced(IMAGE):
        checkout = copy_of_checkout(folder)
        engine.run("build", *engine.build_words, "--quiet", "--tag", IMAGE, "--file",
                   str(checkout / "docs/compose/Containerfile"), str(checkout), seconds=900)
    capabilities = folder / "pod.json"
    capabilities.write_text(engine.run("run", "--rm", "--network=none", IMAGE, "worker", "analyse", "--json"))
    socket = folder / "podman.sock"
    with open(folder / "service.log", "wb") as log:
        service = subprocess.Popen(["podman", "system", "service", "--time=0", f"unix://{socket}"],
                                   env=engine.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            wait_for(socket.exists, 60, "podman answers like Docker")
            yield Docker(engine, socket, folder / "checks", capabilities)
        finally:
            service.terminate()
            service.wait(30)
            left = engine.run("ps", "--all", "--quiet", "--filter", "name=buildbot-pod").split()
            engine.run("rm", "--force", "--time", "1", "--ignore", *left, check=False)


@contextmanager
def master_with(docker: Docker, state: Path, **arguments: Any) -> Iterator[RunningMaster]:
    """Start a master whose one worker is not there yet."""
    subprocess.run(["rm", "-rf", str(docker.folder)], check=True)
    for name, text in (("patient", PATIENT.format(marks=docker.marks)), ("needy", NEEDY), ("caged", CAGED)):
        (docker.folder / name).mkdir(parents=True)
        (docker.folder / name / f"{name}.yml").write_text(text)
    docker.marks.mkdir()
    # the user of the image
    docker.marks.chmod(0o777)
    for place in (docker.folder, *docker.folder.parents):
        if place.is_relative_to("/tmp") and place != Path("/tmp"):
            place.chmod(place.stat().st_mode | 0o055)
    with new_master(state, docker.settings(**arguments)) as master:
        master.stop_worker()
        yield master


def ended(master: RunningMaster, build_id: str) -> dict[str, Any]:
    """Wait for the end of a run; return its execution report."""
    wait_for((master.state.queue / f"{build_id}.json").exists, 180, master.master.last_lines(60))
    return dict(json.loads((master.state.artifacts / build_id / "execution.json").read_text()))


def test_a_container_is_started_for_a_job_and_goes_away_after_it(docker: Docker, tmp_path: Path) -> None:
    with master_with(docker, tmp_path / "state") as master:
        assert docker.containers() == []
        build_id = master.schedule("patient")
        wait_for(lambda: docker.started() == 1, 120, "the check runs")
        (running,) = docker.containers()
        (docker.marks / "go").touch()

        assert ended(master, build_id)["execution_status"] == "OK"
        wait_for(lambda: docker.containers() == [], 60, f"{running} goes away")
        (build,) = master.builds_of(build_id)
        assert build["results"] == 0


def test_a_container_that_is_killed_in_a_build_is_replaced_and_the_job_runs_again(
        docker: Docker, tmp_path: Path) -> None:
    with master_with(docker, tmp_path / "state") as master:
        build_id = master.schedule("patient")
        wait_for(lambda: docker.started() == 1, 120, "the check runs")
        (first,) = docker.containers()

        docker.engine.run("kill", "--signal", "KILL", first)
        wait_for(lambda: docker.started() == 2, 120, "the check runs again")
        (second,) = docker.containers()
        (docker.marks / "go").touch()

        assert ended(master, build_id)["execution_status"] == "OK"
        assert second != first
        wait_for(lambda: master.builds_of(build_id)[-1]["complete"], 60, "the build ends")
        assert [build["results"] for build in master.builds_of(build_id)] == [5, 0]


def test_a_check_that_is_not_trusted_runs_in_the_sandbox_in_a_container(docker: Docker, tmp_path: Path) -> None:
    with master_with(docker, tmp_path / "state") as master:
        report = ended(master, master.schedule("caged"))

        assert (report["execution_status"], report["executor"]) == ("OK", "sandbox"), report


def test_a_job_that_the_image_cannot_run_starts_no_container_and_says_why(docker: Docker, tmp_path: Path) -> None:
    with master_with(docker, tmp_path / "state") as master:
        master.schedule("needy")

        jobs = wait_for(lambda: ask(f"http://127.0.0.1:{master.ports.web}/waiting.json")[1]["jobs"], 60, "it waits")

        assert "pod: tool `lintian` is needed, the worker lacks it" in jobs[0]["reasons"]
        assert docker.containers() == []


def test_an_image_that_is_not_there_ends_in_a_report(docker: Docker, tmp_path: Path) -> None:
    with master_with(docker, tmp_path / "state", image="localhost/no-such-image:1") as master:
        report = ended(master, master.schedule("patient"))

        assert report["execution_status"] == "NOT_OK"
