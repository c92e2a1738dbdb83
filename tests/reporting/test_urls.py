from pathlib import Path

import pytest

from reporting.urls import artifact_path, log_url_of, without_password
from tests.reporting.runs import PASSED

RUN = "http://artifacts.example/1/"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    run = tmp_path / "run"
    (run / "logs").mkdir(parents=True)
    (run / "logs" / "a b.log").write_text("x")
    (tmp_path / "run-secret").write_text("x")
    (run / "link").symlink_to("/etc/passwd")
    (run / "up").symlink_to("..")
    return run


def test_an_artifact_becomes_its_address(folder: Path) -> None:
    assert log_url_of(PASSED.with_changes(artifact="logs/a b.log"), RUN, folder) == f"{RUN}logs/a%20b.log"


@pytest.mark.parametrize("artifact", ["../run-secret", "/etc/passwd", "link", "up/run-secret", "logs/../../run-secret",
                                      "missing", "", ".", "a\0b", "x" * 5000])
def test_an_artifact_outside_the_folder_is_none(folder: Path, artifact: str) -> None:
    assert artifact_path(artifact, folder) is None
    assert log_url_of(PASSED.with_changes(artifact=artifact), RUN, folder) == RUN


def test_an_address_of_the_check_wins(folder: Path) -> None:
    assert log_url_of(PASSED.with_changes(log_url="https://ci.example/1"), RUN, folder) == "https://ci.example/1"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "//evil", "http://", "http://a b", "ftp://a",
                                 "http://a/\x1b[2J", "http://[", "data:text/html,x"])
def test_an_address_that_can_do_harm_is_passed_over(url: str) -> None:
    assert log_url_of(PASSED.with_changes(log_url=url), RUN, None) == RUN


def test_a_password_stays_out_of_logs() -> None:
    assert without_password("https://user:secret@host:1/x") == "https://host:1/x"
