"""CI messages, ours and others': a test that came to its end, well or not."""
from __future__ import annotations

import re
from typing import Any

from checks.item import shown
from trigger.field import mapping, number, sequence, text, value, word
from trigger.message import BusMessage
from trigger.nvr import nvr_facts
from trigger.topic import Reading, TopicSettings, nothing, one_event

_HASH = re.compile(r"[0-9a-f]{7,64}", re.ASCII)


class CiTest:
    """
    `ci.<artifact>.test.<status>`: complete and error count, queued and running are no news about the item.

    Older forms have more words (`ci.pipeline.allpackages-build.package.test.functional.complete`).
    """

    names = ("ci.*.test.*", "ci.#.test.#")

    def read(self, message: BusMessage, settings: TopicSettings) -> Reading:
        """Return what was tested, with testcase and outcome."""
        status = message.name.rsplit(".", 1)[-1]
        if status not in ("complete", "error"):
            return nothing(f"the test is {status}; only complete and error count")
        item = _item(message)
        if item is None:
            return nothing(f"an artifact of type `{shown(_artifact_type(message))}` is no item type")
        body, test = message.body, mapping(message.body, "test")
        run = text(body, "pipeline", "id") or text(body, "run", "url") or message.occurrence
        facts = (nvr_facts(item[0]) if item[1] == "koji_build" else {}) | {
            "status": status, "testcase": _testcase(body) or message.name.rsplit(".", 1)[0],
            "outcome": (text(test, "result") or text(body, "status") or "").upper() or None,
            "arch": next((text(system, "architecture") for system in sequence(body, "system")), None),
            "scratch": value(body, "artifact", "scratch") is True or value(body, "scratch") is True,
        }
        kind = "CiTestComplete" if status == "complete" else "CiTestError"
        return one_event(message, item, kind, f"ci:{run}:{facts['testcase']}:{status}", facts)


def _item(message: BusMessage) -> tuple[str | None, str] | None:
    """Return (item, item type) of what was tested, None where it is none of our types."""
    artifact = mapping(message.body, "artifact")
    if not artifact:
        return _old_item(message)
    kind = _artifact_type(message)
    if kind in ("koji-build", "brew-build"):
        return text(artifact, "nvr"), "koji_build"
    if kind in ("fedora-update", "koji-build-group"):
        return text(artifact, "alias") or text(artifact, "id"), "bodhi_update"
    if kind in ("productmd-compose", "compose"):
        return text(artifact, "compose_id") or text(artifact, "id"), "compose"
    if kind in ("fedora-dist-git", "dist-git-pr", "pull-request"):
        return _pull_request(artifact), "pull_request"
    if kind in ("redhat-module", "fedora-module"):
        return text(artifact, "nvr") or text(artifact, "nsvc"), "module_build"
    if kind in ("container-image", "redhat-container-image"):
        names = sequence(artifact, "full_names")
        return next((name for name in names if isinstance(name, str)), None) or text(artifact, "nvr"), "docker_image"
    return None


def _old_item(message: BusMessage) -> tuple[str | None, str] | None:
    """Return the item of a message of the Fedora pipelines before 2020: a pull request, a build, or a commit."""
    body = message.body
    repository, namespace = text(body, "repo"), text(body, "namespace")
    revision, nvr = text(body, "rev") or "", text(body, "nvr")
    if revision.startswith("PR-") and repository and namespace:
        return (f"https://src.fedoraproject.org/{namespace}/{repository}/pull-request/{revision[3:]}", "pull_request")
    if nvr:
        return nvr, "koji_build"
    if _HASH.fullmatch(revision) and repository and namespace:
        return f"{namespace}/{repository}#{revision}", "dist_git_commit"
    return None


def _artifact_type(message: BusMessage) -> str:
    return text(message.body, "artifact", "type") or message.name.split(".")[1]


def _pull_request(artifact: Any) -> str | None:
    repository, found = text(artifact, "repository"), number(artifact, "id") or number(artifact, "uid")
    if text(artifact, "url"):
        return text(artifact, "url")
    if repository is None or found is None:
        return None
    base = repository if repository.startswith("https://") else f"https://src.fedoraproject.org/{repository}"
    return f"{base.rstrip('/')}/pull-request/{found}"


def _testcase(body: object) -> str | None:
    """Return namespace.type.category, the name the result has in ResultsDB."""
    test = mapping(body, "test")
    parts = [text(test, key) for key in ("namespace", "type", "category")]
    joined = ".".join(part for part in parts if part)
    return joined or word(test, "name")
