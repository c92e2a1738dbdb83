"""
The compose file of docs/compose, brought up by podman-compose with the commands at its own top.

The images are built here; RabbitMQ and PostgreSQL are stand-ins of Debian's packages, not the images that the
file names (tests/support/container_images.py).
"""
from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Iterator

import pytest

from tests.support.compose_stack import PARTS, Stack, running_stack
from tests.support.whole_system import wait_for

pytestmark = [pytest.mark.full, pytest.mark.slow, pytest.mark.timeout(1800)]

OURS = PARTS[2:]
#: A check in the sandbox, run by hand where the worker's container runs checks.
CAGED = """
mkdir -p /tmp/checks/caged && cat > /tmp/checks/caged/caged.yml <<'END'
name: caged
namespace: dist
description: Says what it sees.
maintainer: tests
environment: {executor: sandbox}
run:
  using: command
  command: "test ! -e /var/lib/checkotron-worker && echo 'TAP version 13' && echo 'ok 1' && echo 1..1"
END
cd /tmp && checkotron run /tmp/checks/caged/caged.yml --item a-1-1 --item-type koji_build --arch noarch \\
    --executor sandbox --artifacts /tmp/checks/left >&2 && cat /tmp/checks/left/execution.json
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("compose")) as found:
        yield found


def page(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as answer:
        assert answer.status == 200
        return str(answer.read().decode())


def test_one_message_becomes_a_row_whose_log_can_be_read(stack: Stack) -> None:
    stack.send(1)

    stack.wait_for_verdicts(1)
    (row,) = stack.rows()
    assert row["testcase"]["name"] == "dist.rpmlint"
    assert row["ref_url"].startswith("http://localhost:8012/")
    assert "hello-checkotron.x86_64: W: no-documentation" in page(row["ref_url"].replace("localhost", "127.0.0.1"))


def test_the_pages_answer(stack: Stack) -> None:
    assert "hello-checkotron" in page("http://127.0.0.1:5001/")
    assert "Checkotron" in page("http://127.0.0.1:8010/")
    assert "checks" in page("http://127.0.0.1:8010/api/v2/builders")


def test_the_commands_that_ask_for_health_are_right(stack: Stack) -> None:
    for part in ("rabbitmq", "postgresql"):
        stack.engine.run("healthcheck", "run", stack.container(part))


@pytest.mark.parametrize("part", OURS)
def test_no_part_of_ours_is_root_or_may_write_to_its_image(stack: Stack, part: str) -> None:
    status = stack.engine.run("exec", stack.container(part), "cat", "/proc/1/status")

    assert "\nUid:\t1000\t1000\t1000\t1000\n" in status
    assert "\nNoNewPrivs:\t1\n" in status
    for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb"):
        assert f"\nCap{kind}:\t0000000000000000\n" in status
    refused = subprocess.run(["podman", "exec", "--user=0", stack.container(part), "touch", "/opt/checkotron/x"],
                             env=stack.engine.environment, capture_output=True, text=True, check=False)
    assert "Read-only file system" in refused.stderr


def test_the_sandbox_works_in_the_container_of_the_worker(stack: Stack) -> None:
    said = stack.engine.run("exec", stack.container("worker"), "sh", "-euc", CAGED)

    report = json.loads(said)
    assert (report["execution_status"], report["executor"]) == ("OK", "sandbox"), report


def test_commands_in_the_container_of_the_master_find_the_system(stack: Stack) -> None:
    said = stack.engine.run("exec", stack.container("master"), "checkotron", "trigger", "status")

    assert "rpmlint on every package that Koji built" in said, said


@pytest.mark.parametrize("part", PARTS)
def test_a_container_that_is_killed_comes_back_and_each_message_has_one_row(stack: Stack, part: str) -> None:
    before = stack.verdicts()
    first = 1000 + 10 * PARTS.index(part)

    stack.send(first, first + 1, first + 2)
    stack.kill(part)

    after = stack.wait_for_verdicts(len(before) + 3)
    assert len(after) == len(before) + 3
    assert all(outcomes == ["PASSED"] for outcomes in after.values())


def test_what_was_there_is_there_after_down_and_up(stack: Stack) -> None:
    before = stack.verdicts()

    stack.compose("docker compose down && docker compose up -d")
    assert stack.wait_for_verdicts(len(before)) == before
    wait_for(lambda: "listening" in stack.engine.logs(stack.container("trigger")), 120, "the trigger listens")
    stack.send(5000)

    assert len(stack.wait_for_verdicts(len(before) + 1)) == len(before) + 1
