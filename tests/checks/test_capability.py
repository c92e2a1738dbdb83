"""Whether a worker can run a check: from its capabilities alone, and with reasons."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checks.capability import can_run_on
from checks.description import CheckDescription, parse_check

WORKER: dict[str, Any] = {
    "system:arch": "x86_64", "system:arches": ["x86_64", "i386"], "system:cpus": 4, "system:memory_bytes": 8 * 2**30,
    "executor:local:available": True, "executor:sandbox:available": False,
    "executor:sandbox:problems": ["`bwrap` is not installed"],
    "directive:koji:version": 1, "directive:createrepo:version": 1,
    "directive:createrepo:missing": ["createrepo_c|createrepo"], "tool:rpmlint": "/usr/bin/rpmlint", "tool:gdb": None,
}


def check(text: str) -> CheckDescription:
    return parse_check("name: x\n" + text, Path("/x/x.yml"))


KOJI = "actions: [{koji: {action: download, koji_build: a-1-1}}]\n"


def test_a_fitting_worker_has_no_reason_against_it() -> None:
    assert can_run_on(check(KOJI), "x86_64", WORKER) == ()
    assert can_run_on(check(KOJI), "noarch", WORKER) == ()
    assert can_run_on(check(KOJI), "i386", WORKER) == ()


@pytest.mark.parametrize(("text", "arch", "reason"), [
    (KOJI, "aarch64", "arch aarch64 is needed, the worker has x86_64, i386"),
    ("environment: {executor: sandbox}\n" + KOJI, "noarch",
     "executor sandbox is not available: `bwrap` is not installed"),
    ("actions: [{nonono: {}}]\n", "noarch", "directive `nonono` is not known to the worker"),
    ("actions: [{createrepo: {repodir: x}}]\n", "noarch",
     "directive `createrepo` needs `createrepo_c|createrepo`, which the worker lacks"),
    ("environment: {tools: [gdb]}\n" + KOJI, "noarch", "tool `gdb` is needed, the worker lacks it"),
    ("resources: {memory: 16 GiB}\n" + KOJI, "noarch", "16 GiB of memory are needed, the worker has 8 GiB"),
    ("resources: {cpus: 8}\n" + KOJI, "noarch", "8 processors are needed, the worker has 4"),
])
def test_each_lack_is_a_reason(text: str, arch: str, reason: str) -> None:
    assert can_run_on(check(text), arch, WORKER) == (reason,)


def test_another_version_of_a_directive_is_a_reason() -> None:
    assert can_run_on(check(KOJI), "noarch", WORKER, {"koji": 2}) == (
        "directive `koji` has version 1 on the worker, 2 here",)


def test_all_reasons_are_told_at_once() -> None:
    text = "environment: {executor: podman, tools: [gdb]}\nresources: {cpus: 8}\n" + KOJI

    assert len(can_run_on(check(text), "s390x", WORKER)) == 4
