"""`checkotron checks` and `checkotron worker`."""
from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from checks.catalogue import library_folder, load_catalogue
from checks.document import load_document
from runner.reference import json_schema, reference
from tests.support.checkotron_process import checkotron, write_check

ROOT = Path(__file__).resolve().parents[2]


def test_list_shows_names_types_and_what_they_find() -> None:
    done = checkotron("checks", "list")

    assert done.returncode == 0
    assert any(line.split()[:2] == ["rpmlint", "koji_build"] for line in done.stdout.splitlines())
    assert max(map(len, done.stdout.splitlines())) < 160


def test_list_can_ask_for_an_item_type_and_for_json() -> None:
    names = [check["name"] for check in json.loads(checkotron("checks", "list", "-t", "koji_build", "--json").stdout)]

    assert "rpmlint" in names
    assert checkotron("checks", "list", "-t", "koji_buld").returncode == 2


def test_broken_checks_are_told_and_hide_no_good_one(tmp_path: Path) -> None:
    write_check(tmp_path / "good", "actions: [{dummy: {}}]\n")
    write_check(tmp_path / "bad", "actions: 7\n")

    done = checkotron("checks", "list", CHECKOTRON_CHECKS=str(tmp_path))

    assert done.returncode == 2
    assert "good" in done.stdout
    assert "bad.yml:2, actions: `7` (a number) is not allowed here" in done.stderr


def test_show_says_what_a_check_is(tmp_path: Path) -> None:
    done = checkotron("checks", "show", "rpmlint")

    assert "testcase       dist.rpmlint" in done.stdout
    assert "action 1       download the packages (koji)" in done.stdout
    assert json.loads(checkotron("checks", "show", "rpmlint", "--json").stdout)["testcase"] == "dist.rpmlint"
    assert checkotron("checks", "show", "nonono").returncode == 2


def test_lint_tells_every_fault_of_every_check(tmp_path: Path) -> None:
    one = write_check(tmp_path / "one", "actions: [{koij: {}}]\ntimeout: soon\n")
    two = write_check(tmp_path / "two", "actions: [{koij: {}}, {nonono: {}}]\n")

    done = checkotron("checks", "lint", one, two)
    rows = json.loads(checkotron("checks", "lint", one, two, "--json").stdout)

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 4
    assert done.stdout.splitlines()[-1] == "2 checks, 4 faults"
    assert [row["line"] for row in rows if row["level"] == "error"] == [2, 3, 2, 2]


def test_the_library_lints_clean() -> None:
    done = checkotron("checks", "lint")

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("using", ["python-function", "command", "directives"])
def test_a_new_check_works_and_so_does_its_test(using: str, tmp_path: Path) -> None:
    done = checkotron("checks", "new", "my-check", "--folder", tmp_path, "--using", using, "-t", "bodhi_update")

    assert done.returncode == 0, done.stderr
    assert "FEDORA-2026-04459ef8cf --item-type bodhi_update" in done.stdout
    assert checkotron("checks", "lint", tmp_path / "my-check").returncode == 0
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    tested = subprocess.run([sys.executable, "-m", "pytest", "-q", tmp_path / "my-check", "-p", "no:cacheprovider"],
                            capture_output=True, text=True, cwd=tmp_path, env={"PATH": path, "HOME": str(tmp_path)},
                            check=False)
    assert tested.returncode == 0, tested.stdout


@pytest.mark.parametrize(("arguments", "words"), [
    (["../x"], "`../x` is no name of a check"), (["x", "-t", "nonono"], "unknown item type `nonono`"),
    (["there"], "is there already; choose another name or folder")])
def test_a_check_that_cannot_be_made_is_told(arguments: list[str], words: str, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()

    done = checkotron("checks", "new", *arguments, "--folder", tmp_path)

    assert done.returncode == 2
    assert words in done.stderr


def test_the_json_schema_takes_every_check_of_the_library_and_refuses_what_lint_refuses() -> None:
    validator = Draft202012Validator(json_schema())
    for check in load_catalogue([library_folder()]).checks.values():
        data = load_document(check.path.read_bytes(), "x").data
        assert list(validator.iter_errors(data)) == []

    for wrong in ({"name": "x", "namespac": "y", "actions": []}, {"name": "a b", "actions": [{"dummy": {}}]},
                  {"name": "x", "actions": [{"koji": {"action": "downlod"}}]},
                  {"name": "x", "actions": [{"koij": {}}]}):
        assert list(validator.iter_errors(wrong)) != []


def test_the_reference_in_the_docs_is_the_one_that_validates() -> None:
    assert (ROOT / "docs" / "check-files.md").read_text() == reference(), \
        "run `checkotron checks docs --output docs/check-files.md`"


def test_the_reference_goes_to_a_file(tmp_path: Path) -> None:
    checkotron("checks", "docs", "--output", tmp_path / "d" / "x.md")
    checkotron("checks", "docs", "--json-schema", "--output", tmp_path / "x.json")

    assert (tmp_path / "d" / "x.md").read_text() == reference()
    assert json.loads((tmp_path / "x.json").read_text())["title"] == "Checkotron check"


def test_a_worker_says_what_it_offers_under_prefixed_keys(tmp_path: Path) -> None:
    found = json.loads(checkotron("worker", "analyse", "--json").stdout)
    checkotron("worker", "analyse", "--output", tmp_path / "c.json", "--tag", "secure")

    assert {key.split(":")[0] for key in found} <= {"system", "executor", "directive", "tool"}
    assert found["directive:koji:version"] == 1
    assert found["executor:local:available"] is True
    assert json.loads((tmp_path / "c.json").read_text()) == found | {"tags": ["secure"]}


def test_a_worker_explains_what_it_cannot_run(tmp_path: Path) -> None:
    check = write_check(tmp_path / "big", "resources: {cpus: 4000}\nactions: [{dummy: {}}]\n")

    no, yes = checkotron("worker", "explain", check, "--arch", "s390x"), checkotron("worker", "explain", "rpmlint")

    assert (no.returncode, yes.returncode) == (1, 0)
    assert "no: arch s390x is needed, the worker has " in no.stdout
    assert "no: 4000 processors are needed" in no.stdout
    assert yes.stdout == "yes: `rpmlint` can run here for noarch\n"
