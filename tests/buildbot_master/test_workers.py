"""Kinds of workers: plain, inside the master, and Buildbot's latent ones, by settings alone."""
from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from buildbot_master.parts.matching import capabilities_of
from buildbot_master.parts.settings import Settings, SettingsError, WorkerSettings
from buildbot_master.parts.workers import offered, protocols, workers
from tests.buildbot_master.conftest import CAPABILITIES, ask, new_master, wait_for

ROOT = Path(__file__).resolve().parents[2]


def test_a_worker_inside_the_master_runs_builds(tmp_path: Path) -> None:
    inside = {"name": "inside", "kind": "local", "capabilities": CAPABILITIES}
    with new_master(tmp_path / "state", {"workers": [inside, {"name": "local", "slots": 2, "password_file": str(
            tmp_path / "state" / "secrets" / "worker.password")}]}) as master:
        master.stop_worker()

        build_ids = [master.schedule("good") for _ in range(2)]

        assert [master.ended(build_id)["execution_status"] for build_id in build_ids] == ["OK", "OK"]


def test_a_worker_with_slots_is_a_name_a_slot(tmp_path: Path) -> None:
    settings = Settings(folder=tmp_path, workers=(WorkerSettings("big", slots=3), WorkerSettings("small")))

    assert [worker.name for worker in workers(settings)] == ["big-1", "big-2", "big-3", "small"]


def test_only_workers_inside_need_no_port(tmp_path: Path) -> None:
    settings = Settings(folder=tmp_path, workers=(WorkerSettings("inside", kind="local"),))

    assert protocols(settings) == {"null": {}}


def test_a_latent_worker_gets_its_own_arguments(tmp_path: Path) -> None:
    # of Buildbot's latent workers this one needs no further library to be made
    settings = Settings(folder=tmp_path, workers=(WorkerSettings("pod", kind="KubeLatentWorker", arguments={
        "image": "checkotron/worker",
        "kube_config": {"class": "KubeHardcodedConfig", "master_url": "https://k.example.org"}}),))

    worker = workers(settings)[0]

    assert (type(worker).__name__, worker.name) == ("KubeLatentWorker", "pod")


def test_an_unknown_kind_is_refused_with_those_that_are_known(tmp_path: Path) -> None:
    settings = Settings(folder=tmp_path, workers=(WorkerSettings("x", kind="DokerLatentWorker"),))

    with pytest.raises(SettingsError) as caught:
        workers(settings)

    assert "workers: `x` has kind `DokerLatentWorker`; known: plain, local, " in str(caught.value)
    assert "DockerLatentWorker" in str(caught.value)


def test_a_password_file_that_is_missing_is_named(tmp_path: Path) -> None:
    settings = Settings(folder=tmp_path, workers=(WorkerSettings("x", password_file="nothing"),))

    with pytest.raises(SettingsError) as caught:
        workers(settings)

    assert str(caught.value).startswith(f"{tmp_path / 'nothing'}: the password of a worker cannot be read")


def test_what_a_latent_worker_offers_is_read_from_a_file_and_each_slot_has_it(tmp_path: Path) -> None:
    (tmp_path / "pod.json").write_text('{"system:arches": ["x86_64"], "tool:rpm": "/usr/bin/rpm"}')
    settings = Settings(folder=tmp_path, workers=(WorkerSettings(
        "pod", kind="DockerLatentWorker", slots=2, capabilities={"tags": ["big"]}, capabilities_file="pod.json"),))

    expected = {"system:arches": ["x86_64"], "tool:rpm": "/usr/bin/rpm", "tags": ["big"]}
    assert offered(settings) == {"pod-1": expected, "pod-2": expected}


def test_a_latent_worker_of_which_nothing_is_said_is_refused(tmp_path: Path) -> None:
    settings = Settings(folder=tmp_path, workers=(WorkerSettings("pod", kind="KubeLatentWorker"),))

    with pytest.raises(SettingsError) as caught:
        offered(settings)

    assert str(caught.value) == (
        "workers: `pod`: nobody can ask a latent worker what it offers before it is started; write what `checkotron "
        "worker analyse --json` prints in its image into a file, and name that as `capabilities_file`")


@pytest.mark.parametrize("text", [None, "no JSON", "[]"])
def test_a_file_of_capabilities_that_cannot_be_used_is_named(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "pod.json").write_text(text)
    settings = Settings(folder=tmp_path, workers=(WorkerSettings("pod", kind="X", capabilities_file="pod.json"),))

    with pytest.raises(SettingsError) as caught:
        offered(settings)

    assert str(caught.value).startswith(f"{tmp_path / 'pod.json'}: ")


def test_what_a_worker_says_counts_only_while_it_is_there() -> None:
    said = SimpleNamespace(getProperty=lambda name: '{"tool:rpm": "/usr/bin/rpm"}')

    assert capabilities_of(SimpleNamespace(conn=object(), info=said), {"a": 1}) == {"tool:rpm": "/usr/bin/rpm"}
    assert capabilities_of(SimpleNamespace(conn=None, info=said), {"a": 1}) == {"a": 1}


def test_a_job_waits_longer_each_time_that_its_worker_cannot_be_started(tmp_path: Path) -> None:
    pod = {"name": "pod", "kind": "DockerLatentWorker", "capabilities": CAPABILITIES, "arguments": {
        "docker_host": f"unix://{tmp_path}/nobody.sock", "image": "x:1", "masterFQDN": "127.0.0.1"}}
    local = {"name": "local", "slots": 2, "password_file": "../secrets/worker.password"}
    with new_master(tmp_path / "state", {"retry_delay_seconds": 600, "workers": [local, pod]}) as master:
        master.stop_worker()

        build_id = master.schedule("good")

        waiting = f"http://127.0.0.1:{master.ports.web}/waiting.json"
        reason = re.compile(r"pod: the last attempt failed; the next one starts in \d{3} s")
        wait_for(lambda: [line for job in ask(waiting)[1]["jobs"] for line in job["reasons"] if reason.match(line)], 60)
        assert [build["results"] for build in master.builds_of(build_id)] == [5]


def checkconfig(folder: Path, worker: dict[str, Any]) -> tuple[int, str]:
    """Return exit code and words of Buildbot's own look at a configuration with one worker."""
    (folder / "settings.json").write_text(json.dumps({"workers": [worker]}))
    (folder / "door.token").write_text("t\n")
    (folder / "door.token").chmod(0o600)
    (folder / "master.cfg").write_text((ROOT / "buildbot-master" / "master.cfg").read_text())
    done = subprocess.run([sys.executable, "-P", "-c", "from buildbot.scripts.runner import run; run()", "checkconfig",
                           str(folder / "master.cfg")], capture_output=True, text=True, check=False, cwd=folder)
    return done.returncode, done.stdout + done.stderr


def test_buildbot_finds_nothing_wrong_with_workers_of_kubernetes(tmp_path: Path) -> None:
    code, said = checkconfig(tmp_path, {
        "name": "pod", "kind": "KubeLatentWorker", "slots": 4, "capabilities": CAPABILITIES, "arguments": {
            "image": "registry.example.org/checkotron:1", "namespace": "checks",
            "masterFQDN": "checks.example.org:9989",
            "build_wait_timeout": 60, "missing_timeout": 600,
            "kube_config": {"class": "KubeHardcodedConfig", "master_url": "https://k.example.org:6443",
                            "namespace": "checks", "verify": "/etc/checkotron/kubernetes-ca.pem",
                            "bearerToken": "t"}}})

    assert (code, said.strip()) == (0, "Config file is good!")


def test_buildbot_says_what_workers_of_libvirt_need(tmp_path: Path) -> None:
    code, said = checkconfig(tmp_path, {
        "name": "vm", "kind": "LibVirtWorker", "capabilities": CAPABILITIES, "arguments": {
            "hd_image": "/var/lib/libvirt/images/vm.qcow2", "base_image": "/var/lib/libvirt/images/base.qcow2",
            "uri": "qemu:///system", "build_wait_timeout": 60}})

    assert (code, "The python module 'libvirt' is needed to use a LibVirtWorker" in said) in ((1, True), (0, False))
