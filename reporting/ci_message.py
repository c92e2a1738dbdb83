"""
A result as a CI message of the Fedora and CentOS bus: `org.centos.prod.ci.<artifact>.test.<status>`.

Followed: the fields of pagure.io/fedora-ci/messages, version 1.1, as its
readers expect them. What a message must say about a build and a result does
not (task id, issuer) comes from `details.facts` of the execution report; where
the run does not know it, 0 and "unknown" stand for that.
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
#: Characters of a check's output that travel in a message.
_OUTPUT_LIMIT = 8192
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


def message_of(run: ReportedRun, result: Result, contact: Contact, log_url: str) -> CIMessage | None:
    """Return the message of a result: `complete`, or `error` where the check broke; None for other kinds of items."""
    artifact = ARTIFACTS.get(result.item_type)
    if artifact is None:
        return None
    is_error = result.outcome in (Outcome.CRASHED, Outcome.ABORTED)
    body: dict[str, Any] = {
        "contact": _contact(contact),
        "run": {"url": run.log_url or log_url, "log": log_url},
        "artifact": _artifact(artifact, result, _facts(run)),
        "pipeline": _pipeline(result, run.build_id),
        "test": _test(result, artifact, is_error),
        "generated_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "version": VERSION,
    }
    if is_error:
        body["error"] = {"reason": result.note[:_OUTPUT_LIMIT]}
    else:
        body["system"] = [{"os": "linux", "provider": run.report.executor or "checkotron",
                           "architecture": result.arch or run.report.arch}]
    return CIMessage(f"ci.{artifact}.test.{'error' if is_error else 'complete'}", body)


def message_of_progress(progress: Progress, contact: Contact, log_url: str) -> CIMessage | None:
    """Return the message `queued` or `running` of a run on its way; None for other kinds of items."""
    artifact = ARTIFACTS.get(progress.item_type)
    if artifact is None:
        return None
    result = Result(progress.item, progress.item_type, Outcome.INFO, progress.testcase, arch=progress.arch)
    test = _test(result, artifact, is_error=True)  # without a verdict, like an error
    if progress.status == "QUEUED":
        test["lifetime"] = _LIFETIME_MINUTES
    body = {
        "contact": _contact(contact), "run": {"url": log_url, "log": log_url},
        "artifact": _artifact(artifact, result, {}), "pipeline": _pipeline(result, progress.build_id), "test": test,
        "generated_at": progress.at.strftime("%Y-%m-%dT%H:%M:%SZ"), "version": VERSION}
    return CIMessage(f"ci.{artifact}.test.{progress.status.lower()}", body)


def _contact(contact: Contact) -> dict[str, str]:
    return {key: value for key in Contact.__dataclass_fields__ if (value := getattr(contact, key))}


def _pipeline(result: Result, build_id: str) -> dict[str, str]:
    """Stable for one item, testcase and architecture, so that queued, running and complete can be joined."""
    arch = None if result.arch == "noarch" else result.arch
    return {"id": str(uuid.uuid5(_NAMESPACE, f"{result.item}/{result.testcase}/{arch}")), "name": result.testcase,
            "build": build_id}


def _test(result: Result, artifact: str, is_error: bool) -> dict[str, Any]:
    """A testcase `dist.rpmlint` of a build is known to others as `dist.koji-build.rpmlint.functional`."""
    namespace, _, name = result.testcase.rpartition(".")
    test: dict[str, Any] = {"type": name, "category": "functional",
                            "namespace": f"{namespace}.{artifact}" if namespace else artifact}
    if scenario := result.extra.get("scenario"):
        test["scenario"] = scenario[0]
    if not is_error:
        test |= {"result": result.outcome.lower(), "note": result.note[:_OUTPUT_LIMIT]}
        if result.output:
            test["output"] = result.output[:_OUTPUT_LIMIT]
    return test


def _artifact(artifact: str, result: Result, facts: Mapping[str, Any]) -> dict[str, Any]:
    issuer = str(facts.get("issuer") or "unknown")
    if artifact == "koji-build":
        return {"type": artifact, "id": _number(facts.get("task_id")), "issuer": issuer, "nvr": result.item,
                "component": _name(result.item), "scratch": facts.get("scratch") is True}
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
    path = urlsplit(result.item).path.strip("/").split("/")
    return {"type": artifact, "id": _number(path[-1]), "issuer": issuer, "repository": "/".join(path[:-2]),
            "uid": str(facts.get("uid") or result.item), "commit_hash": str(facts.get("commit_hash") or "HEAD"),
            "comment_id": _number(facts.get("comment_id"))}


def _facts(run: ReportedRun) -> Mapping[str, Any]:
    facts = run.report.details.get("facts")
    return facts if isinstance(facts, Mapping) else {}


def _name(item: str) -> str:
    try:
        return parse_nvr(item).name
    except ItemError:
        return item


def _number(value: object) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
