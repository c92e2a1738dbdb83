"""The master's settings: defaults without a file, every fault of a file at once."""
from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from buildbot_master.parts.scheduling import builder_for
from buildbot_master.parts.settings import BuilderSettings, Settings, SettingsError, WorkerSettings, load_settings
from buildbot_master.parts.workers import slot_names

ROOT = Path(__file__).resolve().parents[2]


def test_without_a_file_the_defaults_stand(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)

    assert settings.folder == tmp_path
    assert settings.database_url == "sqlite:///state.sqlite"
    assert settings.builders == (BuilderSettings("checks"),)


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text(json.dumps({
        "web_prot": 1, "door_port": "x", "workers": [{"slots": 2}, {"name": "a", "kind": 5}], "admins": "me"}))

    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path)

    path = tmp_path / "settings.json"
    assert str(caught.value).splitlines() == [
        f"{path}: unknown key `web_prot`; did you mean `web_port`?",
        f"{path}: `door_port` is \"x\"; expected int",
        f"{path}: workers[0].`name` is missing",
        f"{path}: `workers[1].kind` is 5; expected str",
        f"{path}: `admins` is \"me\"; expected tuple[str, ...]",
    ]


def test_records_are_read(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text(json.dumps({
        "workers": [{"name": "big", "slots": 3}], "builders": [{"name": "deb", "item_types": ["debian_source"]}]}))

    settings = load_settings(tmp_path)

    assert settings.workers == (WorkerSettings("big", slots=3),)
    assert settings.builders == (BuilderSettings("deb", ("debian_source",)),)
    assert slot_names(settings.workers[0]) == ["big-1", "big-2", "big-3"]


def test_an_item_type_waits_in_the_queue_that_names_it() -> None:
    settings = Settings(builders=(BuilderSettings("all"), BuilderSettings("deb", ("debian_source",))))

    assert [builder_for(settings, kind) for kind in ("koji_build", "debian_source")] == ["all", "deb"]


def test_the_configuration_passes_in_a_plain_checkout() -> None:
    code = "from buildbot.scripts.runner import run; run()"

    done = subprocess.run([sys.executable, "-c", code, "checkconfig", str(ROOT / "buildbot-master")],
                          capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stdout.strip()) == (0, "Config file is good!"), done.stderr


def test_faults_of_the_settings_are_faults_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"titel": "x"}')
    (tmp_path / "buildbot.tac").write_text(f"configfile = {str(ROOT / 'buildbot-master/master.cfg')!r}\n")
    code = "from buildbot.scripts.runner import run; run()"

    done = subprocess.run([sys.executable, "-c", code, "checkconfig", str(tmp_path)],
                          capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 1
    assert "unknown key `titel`; did you mean `title`?" in done.stderr
