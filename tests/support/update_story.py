"""
The story of an update with two builds, from message to decision: packages, repositories, messages, rules and policy.

    python -m tests.support.update_story FOLDER      writes them, then stands in for Bodhi until Ctrl-C

docs/update-to-decision.md tells the story with commands; tests/journeys/test_update_to_decision.py plays it.
"""
from __future__ import annotations

import json
import signal
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import rpm_packages
from tests.support.bodhi_server import bodhi_server
from tests.support.repositories import repository
from tests.support.rpm_packages import PackageSpec

UPDATE = "FEDORA-2026-0a1b2c3d4e"
HELLO, LIBRARY, FIXED = "hello-1.1-1.fc43", "libhello-2.0-1.fc43", "libhello-2.0-2.fc43"
TOPIC = "org.fedoraproject.prod.bodhi.update.status.testing.koji-build-group.build.complete"
SONAME = ("Provides: libhello.so.1", "Provides: libhello.so.2")

RULES = """\
- name: everything about an update that is ready for tests
  when: {message_type: BodhiUpdateReady}
  do:
    - check: rpmlint                # an update is none of its items: it runs on each build
    - check: installability
    - check: reverse_dependencies
    - check: upgradepath
"""
POLICY = """\
--- !Policy
id: builds
decision_context: bodhi_update_push_stable
product_versions: [fedora-43]
subject_type: koji_build
rules:
- !PassingTestCaseRule {test_case_name: dist.rpmlint}
--- !Policy
id: updates
decision_context: bodhi_update_push_stable
product_versions: [fedora-43]
subject_type: bodhi_update
rules:
- !PassingTestCaseRule {test_case_name: dist.installability}
- !PassingTestCaseRule {test_case_name: dist.reverse_dependencies}
- !PassingTestCaseRule {test_case_name: dist.upgradepath}
"""


@dataclass(frozen=True)
class Story:
    """Where everything lies."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What the system is told beside its options; Bodhi's address is added by whoever serves it."""
        return {"CHECKOTRON_RELEASES": str(self.folder / "releases.yml")}


def write(folder: Path) -> Story:
    """Write everything below the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    _repositories(folder)
    for spec in (_spec("hello", "1.1", "1.fc43"), _spec("libhello", "2.0", "1.fc43", SONAME[1:]),
                 _spec("libhello", "2.0", "2.fc43", SONAME)):
        built = folder / "built" / spec.nvr
        built.mkdir(parents=True)
        waived = {"sources": {f"{spec.name}.rpmlintrc": rpm_packages.WAIVERS}}
        rpm_packages.store(folder / "store", rpm_packages.build(PackageSpec(**{**_fields(spec), **waived}), built))
    (folder / "rules.yml").write_text(RULES)
    (folder / "policy.yml").write_text(POLICY)
    (folder / "update.json").write_text(json.dumps(message(HELLO, LIBRARY)))
    (folder / "edited.json").write_text(json.dumps(message(HELLO, FIXED)))
    return Story(folder)


def message(*builds: str) -> dict[str, Any]:
    """Return Bodhi's message that the update with these builds is ready for tests."""
    entries = [{"type": "koji-build", "id": number, "task_id": 4000 + number, "nvr": nvr}
               for number, nvr in enumerate(builds, 1)]
    return {"topic": TOPIC, "id": str(uuid.uuid5(uuid.NAMESPACE_URL, " ".join(builds))), "headers": {}, "body": {
        "agent": "alice", "artifact": {"type": "koji-build-group", "builds": entries}, "re-trigger": False,
        "update": {"alias": UPDATE, "status": "testing", "builds": [{"nvr": nvr} for nvr in builds],
                   "user": {"name": "alice"},
                   "release": {"name": "F43", "branch": "f43", "dist_tag": "f43", "version": "43"}}}}


def _repositories(folder: Path) -> None:
    """Three releases; in the middle one a program that needs the library as it was."""
    greeter = _spec("greeter", "1.0", "1.fc43", ("Requires: libhello.so.1",))
    there = {"f42": [_spec("hello", "1.0", "1.fc42")],
             "f43": [_spec("hello", "1.0", "1.fc43"), _spec("libhello", "1.0", "1.fc43", SONAME[:1]), greeter],
             "rawhide": [_spec("hello", "1.2", "1.fc44"), _spec("libhello", "2.1", "1.fc44", SONAME[1:])]}
    lines = ["releases:"]
    for name, specs in there.items():
        place = repository(folder / "repositories" / name, *specs)
        lines += [f"  {name}:", *(["    dist_tag: fc44"] if name == "rawhide" else []),
                  f"    repositories: {{fedora: {json.dumps(place)}}}"]
    (folder / "releases.yml").write_text("\n".join(lines) + "\n")


def _spec(name: str, version: str, release: str, header: tuple[str, ...] = ()) -> PackageSpec:
    return PackageSpec(name=name, version=version, release=release, header=header,
                       files={f"/usr/share/doc/{name}/README": "read me\n"})


def _fields(spec: PackageSpec) -> dict[str, Any]:
    return {name: getattr(spec, name) for name in PackageSpec.__dataclass_fields__}


def main(folder: str) -> None:
    """Write the story, say how to go on, and answer as Bodhi."""
    root = Path(folder).resolve()
    story = Story(root) if (root / "edited.json").exists() else write(root)
    with bodhi_server({UPDATE: [HELLO, LIBRARY]}, lambda: _edited(root)) as server:
        settings = " ".join(f"{name}={value}" for name, value in
                            {**story.environment, "BODHI_URL": server.url, "CHECKOTRON_STATE": f"{root}/state"}.items())
        print(f"The story is in {folder}. In another terminal:\n\n    export {settings}\n", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


def _edited(root: Path) -> dict[str, list[str]]:
    """The packager edits the update by `touch FOLDER/edited`."""
    return {UPDATE: [HELLO, FIXED]} if (root / "edited").exists() else {}


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    main(sys.argv[1])
