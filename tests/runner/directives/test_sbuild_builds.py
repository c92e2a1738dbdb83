"""sbuild, for real: a source package made here is built in a chroot made here."""
from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.debian_chroot import BUILDS, run_sbuild, start_sbuild
from tests.support.debian_source import source_package

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]
PLAIN = {"source": "source", "distribution": "bookworm", "host_architecture": "amd64"}


def processes_below(text: str) -> list[str]:
    """Return the command lines of running processes that name the text."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if text in words and "-c " not in words:
            found.append(words)
    return found


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Whatever becomes of a build, its folder with the chroot is gone after it."""
    yield
    assert list(BUILDS.iterdir()) == []
    BUILDS.rmdir()


def test_a_good_package_is_built_and_what_was_built_is_kept(tmp_path: Path) -> None:
    source_package(tmp_path / "run" / "work")

    answer = run_sbuild(tmp_path / "run", PLAIN | {"build": ["any", "all", "source"]})

    value = answer["value"]
    assert (value["succeeded"], value["status"], value["errors"]) == (True, "successful", [])
    assert {Path(name).name for name in value["files"]} >= {"tiny_1.0_all.deb", "tiny_1.0_amd64.changes"}
    assert all(Path(name).is_file() for name in [*value["files"], value["log"]])
    assert Path(value["log"]) == tmp_path / "run" / "artifacts" / "tiny_1.0_amd64.build"
    [result] = value["results"]
    assert (result["outcome"], result["summary"], result["artifact"]) == ("PASSED", "built", "tiny_1.0_amd64.build")


def test_a_package_that_does_not_build_leaves_its_log_and_nothing_else(tmp_path: Path) -> None:
    source_package(tmp_path / "run" / "work", build="echo it does not compile; echo 'Status: successful'; false")

    value = run_sbuild(tmp_path / "run", PLAIN)["value"]

    assert (value["succeeded"], value["status"], value["fail_stage"]) == (False, "attempted", "build")
    assert (value["files"], value["changes"]) == ([], None)
    assert "it does not compile" in Path(value["log"]).read_text()
    [result] = value["results"]
    assert (result["outcome"], result["summary"]) == ("FAILED", "failed to build, at `build`")
    assert "it does not compile" in result["details"]["output"]
    assert not (tmp_path / "run" / "work" / "built").exists()


def test_missing_build_dependencies_are_the_package_s_fault(tmp_path: Path) -> None:
    source_package(tmp_path / "run" / "work", depends="package-that-nobody-has")

    value = run_sbuild(tmp_path / "run", PLAIN)["value"]

    assert (value["succeeded"], value["fail_stage"]) == (False, "install-deps")
    assert value["results"][0]["summary"] == "build dependencies cannot be installed"


def test_a_package_for_other_architectures_is_skipped(tmp_path: Path) -> None:
    source_package(tmp_path / "run" / "work", architecture="s390x")

    value = run_sbuild(tmp_path / "run", PLAIN | {"build": "any"})["value"]

    assert (value["succeeded"], value["status"]) == (False, "skipped")
    assert (value["results"][0]["outcome"], value["files"]) == ("INFO", [])


def test_an_aborted_build_leaves_its_log_and_no_process_and_no_chroot(tmp_path: Path) -> None:
    source_package(tmp_path / "run" / "work", build="echo building now; sleep 987")
    log = tmp_path / "run" / "artifacts" / "tiny_1.0_amd64.build"
    process = start_sbuild(tmp_path / "run", PLAIN)
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and not (log.exists() and b"building now" in log.read_bytes()):
        time.sleep(0.2)

    started = time.monotonic()
    os.kill(process.pid, signal.SIGTERM)
    process.wait(60)

    assert (tmp_path / "run" / "answer.json").read_text() == '{"error": "aborted", "code": "aborted"}'
    assert time.monotonic() - started < 30
    assert "building now" in log.read_text()
    assert processes_below("sleep 987") == []
