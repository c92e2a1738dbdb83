"""An update with two builds: Bodhi's message goes in, a gate says no, the packager mends it, the gate says yes."""
from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.bodhi_server import bodhi_server
from tests.support.checkotron_process import checkotron
from tests.support.rabbitmq import RabbitMQ, fresh_vhost, publish
from tests.support.update_story import FIXED, HELLO, LIBRARY, TOPIC, UPDATE, message, write
from tests.support.whole_system import Options, WholeSystem, wait_for, whole_system

UPDATE_CHECKS = {"dist.installability", "dist.reverse_dependencies", "dist.upgradepath"}


@dataclass
class Playing:
    """The story under way."""

    folder: Path
    system: WholeSystem
    bodhi_url: str
    #: What the update consists of now, as Bodhi says.
    builds: dict[str, list[str]]

    def announce(self, *builds: str) -> None:
        """The packager makes or edits the update; Bodhi says that it is ready for tests."""
        self.builds[UPDATE] = list(builds)
        told = message(*builds)
        assert self.system.bus
        publish(self.system.bus, TOPIC, json.dumps(told["body"]).encode(), message_id=told["id"],
                content_type="application/json",
                headers={"fedora_messaging_schema": "base.message", "fedora_messaging_severity": 20})

    def outcomes(self, item: str) -> dict[str, str]:
        """Return the newest outcome of each testcase of an item."""
        return {row["testcase"]["name"]: row["outcome"] for row in reversed(self.system.results(item))}

    def gate(self, *more: object) -> subprocess.CompletedProcess[str]:
        """Ask as an operator does."""
        return checkotron("gate", UPDATE, "--policy", self.folder / "policy.yml", "--url",
                          self.system.addresses.results_url, *more, BODHI_URL=self.bodhi_url)


@pytest.fixture
def story(tmp_path: Path, rabbitmq: RabbitMQ) -> Iterator[Playing]:
    written = write(tmp_path / "story")
    builds: dict[str, list[str]] = {}
    with fresh_vhost(rabbitmq) as bus, bodhi_server(builds) as bodhi:
        options = Options(bus, written.folder / "rules.yml", written.folder / "store",
                          environment={**written.environment, "BODHI_URL": bodhi.url})
        with whole_system(tmp_path, options) as running:
            yield Playing(written.folder, running, bodhi.url, builds)


@pytest.mark.slow  # a whole system, ten runs of checks, and nine packages to build
@pytest.mark.timeout(400)
def test_an_update_waits_until_it_breaks_nothing(story: Playing) -> None:
    story.announce(HELLO, LIBRARY)
    wait_for(lambda: set(story.outcomes(UPDATE)) == UPDATE_CHECKS, 120, "results of the update")
    wait_for(lambda: story.outcomes(HELLO) and story.outcomes(LIBRARY), 120, "results of both builds")

    first = story.gate()

    assert story.outcomes(HELLO) == story.outcomes(LIBRARY) == {"dist.rpmlint": "PASSED"}
    assert first.returncode == 1
    lines = first.stdout.splitlines()
    assert lines[:2] == [
        f"{UPDATE}, {HELLO} and {LIBRARY} must wait at bodhi_update_push_stable of fedora-43: 1 of 5 required tests "
        "failed.",
        f"  - dist.reverse_dependencies of {UPDATE} (x86_64) is FAILED: breaks greeter-1.0-1.fc43.noarch "
        "(1 of 1 packages that depend on it)"]
    assert lines[2].startswith("    see http://127.0.0.1:")
    assert lines[2].endswith("/; mend it and build again, or waive dist.reverse_dependencies")

    waived = story.folder / "waivers.yml"
    waived.write_text("\n".join(line for line in lines if line.startswith("- {")))
    assert story.gate("--waivers", waived).returncode == 0

    story.announce(HELLO, FIXED)
    wait_for(lambda: story.outcomes(UPDATE).get("dist.reverse_dependencies") == "PASSED", 120, "the mended library")
    wait_for(lambda: story.outcomes(FIXED), 120, "a result of the mended library")
    second = wait_for(lambda: (ran := story.gate()).returncode == 0 and ran, 120, "nothing runs any more")

    assert second.stdout == (f"{UPDATE}, {HELLO} and {FIXED} may go out at bodhi_update_push_stable of fedora-43: "
                             "all required tests passed.\n")
