"""
What a worker offers, what a check needs, and whether the two fit: pure, with reasons.

Capabilities are one flat mapping with prefixed keys, written by `checkotron
worker analyse --json` on the worker and read here on the master and on the
command line alike:

    system:arch, system:arches, system:cpus, system:memory_bytes
    executor:<name>:available, executor:<name>:problems
    directive:<name>:version, directive:<name>:missing
    tool:<program>   where it lies, for each program that some check asks for
    tags             words an operator gave the worker
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.contracts import NOARCH
from checks.description import CheckDescription
from checks.quantity import show_bytes

Capabilities = Mapping[str, Any]

#: Architectures whose programs run on others: what a worker of the first kind runs too.
_RUNS_TOO = {"x86_64": ("i386", "i686"), "aarch64": ("armhfp",), "ppc64le": (), "s390x": ()}
#: What `auto` may become, in the order in which it is tried.
_AUTO_EXECUTORS = ("sandbox", "podman", "local")


def can_run_on(check: CheckDescription, arch: str, capabilities: Capabilities,
               versions: Mapping[str, int] | None = None) -> tuple[str, ...]:
    """
    Return why a worker with these capabilities cannot run the check; empty: it can.

    Decides from its arguments alone. `versions`: the directives' versions on the
    side that decides; a worker with another version would do something else.
    """
    return (*_arch_reasons(arch, capabilities), *_executor_reasons(check, capabilities),
            *_directive_reasons(check, capabilities, versions or {}), *_tool_reasons(check, capabilities),
            *_resource_reasons(check, capabilities))


def arches_of(machine: str) -> tuple[str, ...]:
    """Return the architectures that a machine of this kind runs."""
    return (machine, *_RUNS_TOO.get(machine, ()))


def _arch_reasons(arch: str, capabilities: Capabilities) -> tuple[str, ...]:
    offered = capabilities.get("system:arches") or [capabilities.get("system:arch")]
    if arch in (NOARCH, "all") or arch in offered:
        return ()
    return (f"arch {arch} is needed, the worker has {', '.join(map(str, offered))}",)


def _executor_reasons(check: CheckDescription, capabilities: Capabilities) -> tuple[str, ...]:
    name = check.environment.executor
    names = _AUTO_EXECUTORS if name == "auto" else (name,)
    if any(capabilities.get(f"executor:{each}:available") for each in names):
        return ()
    problems = [problem for each in names for problem in capabilities.get(f"executor:{each}:problems") or ()]
    why = f": {problems[0]}" if problems else ""
    return (f"executor {' or '.join(names)} is not available{why}",)


def _directive_reasons(check: CheckDescription, capabilities: Capabilities,
                       versions: Mapping[str, int]) -> tuple[str, ...]:
    reasons = []
    for name in dict.fromkeys(action.directive.lower() for action in check.actions):
        version = capabilities.get(f"directive:{name}:version")
        if version is None:
            reasons.append(f"directive `{name}` is not known to the worker")
        elif name in versions and versions[name] != version:
            reasons.append(f"directive `{name}` has version {version} on the worker, {versions[name]} here")
        reasons.extend(f"directive `{name}` needs `{tool}`, which the worker lacks"
                       for tool in capabilities.get(f"directive:{name}:missing") or ())
    return tuple(reasons)


def _tool_reasons(check: CheckDescription, capabilities: Capabilities) -> tuple[str, ...]:
    return tuple(f"tool `{tool}` is needed, the worker lacks it" for tool in check.environment.tools
                 if f"tool:{tool}" in capabilities and not capabilities[f"tool:{tool}"])


def _resource_reasons(check: CheckDescription, capabilities: Capabilities) -> tuple[str, ...]:
    wanted, reasons = check.resources, []
    memory, cpus = capabilities.get("system:memory_bytes"), capabilities.get("system:cpus")
    if wanted.memory_bytes and memory and wanted.memory_bytes > memory:
        reasons.append(f"{show_bytes(wanted.memory_bytes)} of memory are needed, the worker has {show_bytes(memory)}")
    if wanted.cpus and cpus and wanted.cpus > cpus:
        reasons.append(f"{wanted.cpus:g} processors are needed, the worker has {cpus}")
    return tuple(reasons)
