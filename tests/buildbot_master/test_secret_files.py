"""Secrets come from Buildbot's provider: a file each, for the owner alone."""
from __future__ import annotations

from pathlib import Path

import pytest
from buildbot.config import ConfigErrors
from buildbot.plugins import util

from buildbot_master.parts.secret_files import secrets_providers
from buildbot_master.parts.settings import Settings, WorkerSettings
from buildbot_master.parts.workers import workers
from tests.buildbot_master.conftest import new_master


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets-of-mine"
    folder.mkdir()
    (folder / "token").write_text("open sesame\n")
    (folder / "token").chmod(0o600)
    return folder


def test_without_a_folder_there_are_none(tmp_path: Path) -> None:
    assert secrets_providers(Settings(folder=tmp_path)) == []


def test_a_secret_is_a_file_of_the_folder(tmp_path: Path, secrets: Path) -> None:
    provider, = secrets_providers(Settings(folder=tmp_path, secrets_folder=secrets.name))
    provider.reconfigService(str(secrets))

    assert (provider.get("token"), provider.get("other")) == ("open sesame", None)


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path, secrets: Path) -> None:
    (secrets / "token").chmod(0o644)
    with pytest.raises(ConfigErrors, match="are too open"):
        secrets_providers(Settings(folder=tmp_path, secrets_folder=secrets.name))


def test_an_argument_of_a_worker_may_be_a_secret(tmp_path: Path) -> None:
    settings = Settings(folder=tmp_path, workers=(WorkerSettings("pod", kind="KubeLatentWorker", arguments={
        "image": {"class": "Secret", "secret_name": "token"},
        "kube_config": {"class": "KubeHardcodedConfig", "master_url": "https://k.example.org"}}),))

    image = workers(settings)[0]._config_kwargs["image"]

    assert str(image) == str(util.Secret("token"))


def test_a_master_with_secrets_starts(tmp_path: Path, secrets: Path) -> None:
    with new_master(tmp_path / "state", {"secrets_folder": str(secrets)}) as master:
        assert master.ended(master.schedule("good"))["execution_status"] == "OK"
        assert "open sesame" not in master.master.log.read_text()
