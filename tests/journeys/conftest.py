"""One running system for the journeys that do not hurt it: broker, trigger, master, worker, deliverer, database."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import rpm_packages
from tests.support.rabbitmq import RabbitMQ, fresh_vhost
from tests.support.whole_system import Options, WholeSystem, whole_system

#: What the packages of the journeys are called; each journey has its own.
GOOD = ("arrives", "twice", "other-message", "after-garbage", "database-away", "buildbot-away", "kept", "x-and-more",
        "under-way")
VERSION, RELEASE = "0.5", "1.fc36"

RULES = """\
- name: rpmlint on everything that is not there to break
  when: {message_type: KojiBuildPackageCompleted,
         $nor: [{name: {$in: [breaks, waits, refused]}}, {name: {$regex: "-killed$"}}]}
  do: [{check: rpmlint}]
- when: {message_type: KojiBuildPackageCompleted, name: {$regex: "-killed$"}}
  do: [{check: lasts}]
- when: {message_type: KojiBuildPackageCompleted, name: breaks}
  do: [{check: breaks}]
- when: {message_type: KojiBuildPackageCompleted, name: waits}
  do: [{check: waits}]
- when: {message_type: KojiBuildPackageCompleted, name: refused}
  do: [{check: rpmlint, extra: {branch: f36}}]
"""

BREAKS = """\
name: breaks
namespace: dist
description: Fails before it comes to a verdict.
maintainer: tests
input: {args: [koji_build]}
actions:
  - python: {file: breaks.py, callable: run}
"""
BREAKS_SCRIPT = "def run():\n    raise RuntimeError('this check is broken')\n"

WAITS = """\
name: waits
namespace: dist
description: Never comes to an end.
maintainer: tests
run: {using: command, command: [sleep, "600"]}
"""

#: Long enough to be seen while it runs, on a busy machine too.
LASTS = """\
name: lasts
namespace: dist
description: Finds nothing, in two seconds.
maintainer: tests
run: {using: command, command: [sh, -c, "sleep 2; printf '1..1\\nok\\n'"]}
"""


@pytest.fixture(scope="session")
def journey_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Packages laid out as Koji's: good ones, and one that fails."""
    folder = tmp_path_factory.mktemp("packages")
    root = folder / "store"
    for name in GOOD:
        files = {f"/usr/share/doc/{name}/README": "read me\n"}
        rpm_packages.store(root, rpm_packages.good(folder, name=name, version=VERSION, release=RELEASE, files=files))
    rpm_packages.store(root, rpm_packages.failing(folder, version=VERSION, release=RELEASE))
    return root


@pytest.fixture(scope="session")
def journey_checks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of checks of our own: one that breaks, one that never ends."""
    folder = tmp_path_factory.mktemp("checks")
    for name, text in (("breaks", BREAKS), ("waits", WAITS), ("lasts", LASTS)):
        (folder / name).mkdir()
        (folder / name / f"{name}.yml").write_text(text)
    (folder / "breaks" / "breaks.py").write_text(BREAKS_SCRIPT)
    return folder


@pytest.fixture(scope="session")
def journey_rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rules") / "rules.yml"
    path.write_text(RULES)
    return path


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, rabbitmq: RabbitMQ, journey_store: Path, journey_checks: Path,
           journey_rules: Path) -> Iterator[WholeSystem]:
    with fresh_vhost(rabbitmq) as bus:
        options = Options(bus, journey_rules, journey_store, (journey_checks,))
        with whole_system(tmp_path_factory.mktemp("system"), options) as running:
            yield running
