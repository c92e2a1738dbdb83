"""Kinds of workers: plain, inside the master, and Buildbot's latent ones, by settings alone."""
from __future__ import annotations

from pathlib import Path

import pytest

from buildbot_master.parts.settings import Settings, SettingsError, WorkerSettings
from buildbot_master.parts.workers import protocols, workers
from tests.buildbot_master.conftest import CAPABILITIES, new_master


def test_a_worker_inside_the_master_runs_builds(tmp_path: Path) -> None:
    inside = {"name": "inside", "kind": "local", "capabilities": CAPABILITIES}
    with new_master(tmp_path / "state", {"workers": [inside, {"name": "local", "slots": 2, "password_file": str(
            tmp_path / "state" / "secrets" / "worker.password")}]}) as master:
        master.worker.stop()

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
