"""An operator's master: made once, brought up to date later, and what she wrote stays."""
from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path

import pytest

from buildbot_master.parts.settings import load_settings
from buildbot_master.stack.master_init import MasterWishes, NewWorker, add_worker, init_master
from buildbot_master.stack.state import StateError
from buildbot_master.stack.worker_init import WorkerWishes, init_worker
from checks.addresses import read_addresses
from tests.support.checkotron_process import checkotron


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("init") / "master"
    done = checkotron("master", "init", folder, "--interface", "0.0.0.0", "--host", "checks.example.org",
                      "--results", "http://results.example.org/")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(made, tmp_path / "master"))


def test_the_folder_has_what_a_master_needs(made: Path) -> None:
    settings = load_settings(made)

    assert (settings.interface, settings.buildbot_url) == ("0.0.0.0", "http://checks.example.org:8010")
    # who is reached by everybody takes jobs from this host only, unless told otherwise
    assert settings.door_interface == "127.0.0.1"
    assert settings.workers[0].name == "worker1"
    assert (made / "state.sqlite").exists()
    assert "master.cfg" in (made / "buildbot.tac").read_text()


def test_what_is_secret_is_its_owners(made: Path) -> None:
    files = ["settings.json", "secrets/door.token", "secrets/admin.password", "secrets/workers/worker1.password"]

    assert {stat.S_IMODE((made / name).stat().st_mode) for name in files} == {0o600}
    assert stat.S_IMODE((made / "secrets").stat().st_mode) == 0o700


def test_the_commands_find_the_system_in_the_folder(made: Path) -> None:
    addresses = read_addresses(made)

    assert addresses.results_url == "http://results.example.org"
    assert addresses.door_url == "http://127.0.0.1:8011"
    assert addresses.door_token_file == str(made / "secrets/door.token")


def test_a_second_call_keeps_what_the_operator_wrote_and_follows_it(folder: Path) -> None:
    data = json.loads((folder / "settings.json").read_text()) | {"title": "Ours", "door_port": 7011}
    text = json.dumps(data)
    (folder / "settings.json").write_text(text)
    token = (folder / "secrets/door.token").read_text()

    done = checkotron("master", "init", folder)

    assert done.returncode == 0, done.stderr
    assert "settings.json      kept\n" in done.stdout
    assert "database           up to date\n" in done.stdout
    assert (folder / "settings.json").read_text() == text
    assert (folder / "secrets/door.token").read_text() == token
    assert read_addresses(folder).door_url == "http://127.0.0.1:7011"
    assert read_addresses(folder).results_url == "http://results.example.org"


def test_an_option_against_the_operators_file_is_refused(folder: Path) -> None:
    done = checkotron("master", "init", folder, "--database", "sqlite:///other.sqlite")

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        f"Error: {folder}/settings.json: `database_url` says something else than --database; change it there, then run "
        "this again without the option")


def test_a_changed_start_file_is_kept_and_told(folder: Path) -> None:
    (folder / "buildbot.tac").write_text("# mine\n")
    (folder / ".database-version").write_text((folder / ".database-version").read_text())

    done = checkotron("master", "init", folder)

    assert "buildbot.tac       kept; it is not as this version writes it: remove it to get that one\n" in done.stdout
    assert (folder / "buildbot.tac").read_text() == "# mine\n"


def test_a_database_that_is_gone_is_not_made_anew_in_silence(folder: Path) -> None:
    (folder / "state.sqlite").unlink()

    refused = checkotron("master", "init", folder)
    (folder / ".database-version").unlink()
    made = checkotron("master", "init", folder)

    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-1] == (
        f"Error: {folder}: the master's database was made before, and has nothing in it now; restore it from its "
        f"backup, or remove {folder}/.database-version to begin with an empty one: what waited is lost then")
    assert "database           made or upgraded\n" in made.stdout


@pytest.mark.parametrize(("url", "why", "what_to_do"), [
    ("postgresql+psycopg://master@127.0.0.1:9/master", "Connection refused", "What to do: start PostgreSQL, or mend"),
    ("postgresql+psycopg://master@127.0.0.1:none/master", "`database_url` is no address of a database", ""),
    ("mysql://master@127.0.0.1/master", "`database_url` is no address of a database that a master can use", ""),
    ("no url", "`database_url` is no address of a database", ""),
])
def test_a_database_that_cannot_be_used_is_told_without_a_traceback(folder: Path, url: str, why: str,
                                                                    what_to_do: str) -> None:
    settings = json.loads((folder / "settings.json").read_text())
    (folder / "settings.json").write_text(json.dumps(settings | {"database_url": url}))

    done = checkotron("master", "init", folder)

    assert done.returncode == 2
    assert why in done.stderr
    assert what_to_do in done.stderr
    assert "Traceback" not in done.stderr


def test_a_faulty_settings_file_is_told_without_a_traceback(folder: Path) -> None:
    (folder / "settings.json").write_text('{"web_prot": 1}')

    done = checkotron("master", "init", folder)

    assert done.returncode == 2
    assert "unknown key `web_prot`; did you mean `web_port`?" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_worker_is_added_and_the_rest_stays(folder: Path) -> None:
    before = json.loads((folder / "settings.json").read_text())

    done = checkotron("master", "add-worker", folder, "builder7", "--slots", "4")
    again = checkotron("master", "add-worker", folder, "builder7", "--slots", "4")

    after = json.loads((folder / "settings.json").read_text())
    assert (done.returncode, again.returncode) == (0, 0), done.stderr + again.stderr
    assert [(one.name, one.slots) for one in load_settings(folder).workers] == [("worker1", 2), ("builder7", 4)]
    assert {**after, "workers": None} == {**before, "workers": None}
    assert "--master checks.example.org:9989" in done.stdout
    assert "worker `builder7` is there already" in again.stdout
    assert stat.S_IMODE((folder / "secrets/workers/builder7.password").stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["../up", "", "a b", "-x"])
def test_a_name_that_is_no_name_is_refused(folder: Path, name: str) -> None:
    done = checkotron("master", "add-worker", folder, "--", name)

    assert done.returncode == 2
    assert "expected at most 41 letters" in done.stderr


def test_no_master_there_says_how_to_make_one(tmp_path: Path) -> None:
    done = checkotron("master", "add-worker", tmp_path, "builder7")

    assert done.returncode == 2
    assert f"make it with `checkotron master init {tmp_path}`" in done.stderr


def test_a_folder_of_another_user_is_left_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    acts = (lambda: init_master(folder, MasterWishes(), NewWorker("a")), lambda: add_worker(folder, NewWorker("a")),
            lambda: init_worker(folder, WorkerWishes("host:1", "a", folder / "secrets/door.token")))

    for act in acts:
        with pytest.raises(StateError, match="run this as that user: `runuser -u"):
            act()
