"""What a run left is served as a stranger's files: nothing of it acts, nothing beside it is shown."""
from __future__ import annotations

import http.client
import os

import pytest

from tests.buildbot_master.conftest import RunningMaster, ask


@pytest.fixture(scope="module")
def run(master: RunningMaster) -> str:
    build_id = master.schedule("hostile")
    master.ended(build_id)
    return build_id


def get(master: RunningMaster, path: str) -> tuple[int, str, dict[str, str]]:
    peer = http.client.HTTPConnection("127.0.0.1", master.ports.artifacts, timeout=60)
    peer.request("GET", path)
    answer = peer.getresponse()
    return answer.status, answer.read().decode(), dict(answer.getheaders())


def test_links_pipes_and_names_that_lie_are_left_out(master: RunningMaster, run: str) -> None:
    names = sorted(path.name for path in (master.state.artifacts / run).iterdir())

    assert names == ["execution.json", "page.html", "results.tap", "run.log"]


def test_the_listing_names_every_file(master: RunningMaster, run: str) -> None:
    status, text, _ = get(master, f"/{run}/")

    assert status == 200
    assert [name in text for name in ("./results.tap", "./execution.json", "./page.html")] == [True] * 3


def test_pages_of_a_run_are_sandboxed(master: RunningMaster, run: str) -> None:
    status, _, headers = get(master, f"/{run}/page.html")

    assert status == 200
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["run.log", "results.tap", "execution.json"])
def test_logs_and_records_are_plain_text(master: RunningMaster, run: str, name: str) -> None:
    status, _, headers = get(master, f"/{run}/{name}")

    assert status == 200
    assert headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("path", [
    "/", "/.incoming/", "/..", "/{run}/../../secrets/door.token", "/{run}/..%2f..%2fsecrets%2fdoor.token",
    "/{run}/%2e%2e/%2e%2e/secrets/door.token", "/{run}/nothing", "/-1000/", "/{upper}/", "/{run}/%00",
    "//etc/passwd", "/{run}/passwd",
])
def test_nothing_beside_a_run_is_shown(master: RunningMaster, run: str, path: str) -> None:
    status, text, _ = get(master, path.format(run=run, upper=run.upper()))

    assert status == 404
    assert "root:" not in text


def test_nothing_can_be_written(master: RunningMaster, run: str) -> None:
    status, _, _ = ask(f"http://127.0.0.1:{master.ports.artifacts}/{run}/run.log", b"x" * 10)

    assert status == 405


def test_odd_names_break_no_page(master: RunningMaster, run: str) -> None:
    folder = os.fsencode(master.state.artifacts / run / "odd")
    os.mkdir(folder)
    with open(folder + b"/\xff.txt", "w") as file:
        file.write("hello")
    os.symlink("loop", folder + b"/loop")

    status, text, _ = get(master, f"/{run}/odd/")

    assert (status, "./%FF.txt" in text, "loop" in text) == (200, True, False)
    assert get(master, f"/{run}/odd/%FF.txt")[:2] == (200, "hello")
    assert get(master, f"/{run}/{'a' * 5000}")[0] == 404
