"""
A result as a CI message of the Fedora and CentOS bus: `org.centos.prod.ci.<artifact>.test.<status>`.

Followed: the schemas of pagure.io/fedora-ci/messages. What a message must say
about an item and a result does not (task id, issuer) are its facts: those of
the run (`details.facts` of the execution report) and what the reporter found
out. A build without its task id gets no message: readers know builds by it.
"""
from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from checks.item import ItemError, parse_nvr
from checks.outcome import Outcome
from checks.result import Result
from reporting.progress import Progress
from reporting.reporter import ReportedRun

VERSION = "1.1.14"
#: Characters of a note or a reason.
_NOTE_LIMIT = 8192
#: Characters of a check's output; the schema asks for no more, the rest is at `output_urls`.
_OUTPUT_LIMIT = 500
#: How long a queued run may take before a reader gives it up.
_LIFETIME_MINUTES = 24 * 60
_NAMESPACE = uuid.UUID("1d3f1f3c-5d0e-5f0a-9a8e-0c7e4f7b2a51")

#: Item type: artifact in the topic. Other kinds of items have no messages.
ARTIFACTS = {"koji_build": "koji-build", "bodhi_update": "fedora-update", "compose": "productmd-compose",
             "docker_image": "container-image", "pull_request": "dist-git-pr"}


@dataclass(frozen=True, slots=True)
class Contact:
    """Who stands behind the messages; every message says it."""

    name: str
    team: str
    docs: str
    email: str
    url: str | None = None
    irc: str | None = None


@dataclass(frozen=True, slots=True)
class CIMessage:
    """What goes out."""

    #: Without the prefix: `ci.koji-build.test.complete`.
    topic: str
    body: Mapping[str, Any]


def obstacle(item_type: str, facts: Mapping[str, Any]) -> str:
    """Return why there is no message about an item, "" where there is one."""
    if item_type not in ARTIFACTS:
        return "no CI messages for this kind of item"
    if item_type == "koji_build" and not _number(facts.get("task_id")):
        return "not told: the build's task id is not known; name the hub in the address, &koji=https://.../kojihub"
    return ""


def message_of(run: ReportedRun, result: Result, contact: Contact, facts: Mapping[str, Any], log_url: str
               ) -> CIMessage:
    """Return the message of a result: `complete`, or `error` where the check broke. Only where there is no obstacle."""
    artifact = ARTIFACTS[result.item_type]
    is_error = not result.outcome.is_verdict
    body: dict[str, Any] = {
        "contact": _contact(contact),
        "run": {"url": run.log_url or log_url, "log": log_url},
        "artifact": _artifact(artifact, result, facts),
        "pipeline": _pipeline(result, run.build_id),
        "test": _test(result, artifact),
        "generated_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "version": VERSION,
    }
    if is_error:
        body["error"] = {"reason": result.note[:_NOTE_LIMIT]}
    else:
        body["test"] |= _verdict(run, result, log_url)
        body["system"] = [{"os": "linux", "provider": run.report.executor or "checkotron",
                           "architecture": result.arch or run.report.arch}]
    return CIMessage(f"ci.{artifact}.test.{'error' if is_error else 'complete'}", body)


def message_of_progress(progress: Progress, contact: Contact, facts: Mapping[str, Any], log_url: str) -> CIMessage:
    """Return the message `queued` or `running` of a run on its way. Only where there is no obstacle."""
    artifact = ARTIFACTS[progress.item_type]
    result = Result(progress.item, progress.item_type, Outcome.INFO, progress.testcase, arch=progress.arch)
    test = _test(result, artifact)
    if progress.status == "QUEUED":
        test["lifetime"] = _LIFETIME_MINUTES
    body = {
        "contact": _contact(contact), "run": {"url": log_url, "log": log_url},
        "artifact": _artifact(artifact, result, facts), "pipeline": _pipeline(result, progress.build_id), "test": test,
        "generated_at": progress.at.strftime("%Y-%m-%dT%H:%M:%SZ"), "version": VERSION}
    return CIMessage(f"ci.{artifact}.test.{progress.status.lower()}", body)


def _contact(contact: Contact) -> dict[str, str]:
    return {key: value for key in Contact.__dataclass_fields__ if (value := getattr(contact, key))}


def _pipeline(result: Result, build_id: str) -> dict[str, str]:
    """Stable for one item, testcase and architecture, so that queued, running and complete can be joined."""
    arch = None if result.arch == "noarch" else result.arch
    number = uuid.uuid5(_NAMESPACE, f"{result.item}/{result.testcase}/{arch}")
    return {"id": f"checkotron-{number}", "name": result.testcase, "build": build_id}


def _test(result: Result, artifact: str) -> dict[str, Any]:
    """A testcase `dist.rpmlint` of a build is known to others as `dist.koji-build.rpmlint.functional`."""
    namespace, _, name = result.testcase.rpartition(".")
    test: dict[str, Any] = {"type": name, "category": "functional",
                            "namespace": f"{namespace}.{artifact}" if namespace else artifact}
    if scenario := result.extra.get("scenario"):
        test["scenario"] = scenario[0]
    return test


def _verdict(run: ReportedRun, result: Result, log_url: str) -> dict[str, Any]:
    """What a test says when it is complete."""
    verdict: dict[str, Any] = {"result": result.outcome.lower(), "note": result.note[:_NOTE_LIMIT]}
    if run.duration_seconds is not None:
        verdict["runtime"] = round(run.duration_seconds)
    if result.output:
        verdict |= {"output": result.output[:_OUTPUT_LIMIT], "output_urls": [log_url]}
    return verdict


def _artifact(artifact: str, result: Result, facts: Mapping[str, Any]) -> dict[str, Any]:
    issuer = str(facts.get("issuer") or "unknown")
    if artifact == "koji-build":
        return {"type": artifact, "id": _number(facts.get("task_id")), "issuer": issuer, "nvr": result.item,
                "component": _name(result.item), "scratch": str(facts.get("scratch")).lower() == "true"}
    if artifact == "fedora-update":
        release = facts.get("release")
        release = release if isinstance(release, Mapping) else {}
        return {"type": artifact, "id": result.item, "alias": result.item, "issuer": issuer, "builds": [],
                "release": {"name": str(release.get("name") or "unknown"),
                            "version": str(release.get("version") or "unknown")}}
    if artifact == "productmd-compose":
        return {"type": artifact, "id": result.item, "compose_type": str(facts.get("compose_type") or "production")}
    if artifact == "container-image":
        return {"type": artifact, "id": result.item, "issuer": issuer, "repository": result.item.partition("@")[0]}
    parts = urlsplit(result.item)
    path = parts.path.strip("/").split("/")
    return {"type": artifact, "id": _number(path[-1]), "issuer": issuer,
            "repository": f"{parts.scheme}://{parts.netloc}/{'/'.join(path[:-2])}",
            "uid": str(facts.get("uid") or result.item), "commit_hash": str(facts.get("commit_hash") or "HEAD"),
            "comment_id": _number(facts.get("comment_id"))}


def _name(item: str) -> str:
    try:
        return parse_nvr(item).name
    except ItemError:
        return item


def _number(value: object) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
