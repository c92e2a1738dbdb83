"""
What does this build break in the repositories? Packages that can be installed today, and no longer once it is there.

Only packages that require something of what the build replaces are looked at; each of them is solved with the build in
the place of its predecessors, and those that fail are solved once more as things are today. So what is broken already
is nobody's fault here.
"""
from __future__ import annotations

from typing import Any

from packages import packages_below, shortened
from question import ask, explained, named


def run(rpms: str, item: str, repositories: Any, item_type: str = "koji_build", *, arch: str | None = None,
        cache: str | None = None, timeout_seconds: float = 1800) -> list[dict[str, Any]]:
    """
    Return one result for the item.

    `rpms` is the folder with the packages, `repositories` {name: folder or URL} ({arch} is filled in), `cache` a folder
    that keeps metadata between runs. Raises NoPackagesError, QuestionError: no verdict, and why; the run is NOT_OK.
    """
    packages = packages_below(rpms, item)
    answer = ask("broken", packages, repositories, arch, cache=cache, timeout_seconds=timeout_seconds)
    lines = [f"{name}: cannot be read as a package" for name in answer["unreadable"]]
    for each in answer["packages"]:
        lines += [f"{each['package']} could be installed, and cannot any more:", *explained(each["problems"])]
    lines += [f"replaced: {package}" for package in answer["replaced"]]
    lines += [f"{answer['looked_at']} packages require something of what is replaced"]
    result: dict[str, Any] = {"item": item, "type": item_type, "details": {"output": shortened(lines)}}
    if answer["unreadable"]:
        result |= {"outcome": "NEEDS_INSPECTION",
                   "summary": f"{len(answer['unreadable'])} of {len(packages)} packages cannot be read"}
    elif answer["packages"]:
        count = f"{len(answer['packages'])} of {answer['looked_at']} packages that depend on it"
        result |= {"outcome": "FAILED",
                   "summary": f"breaks {named(each['package'] for each in answer['packages'])} ({count})"}
    elif not answer["replaced"]:
        result |= {"outcome": "PASSED", "summary": "replaces nothing in the repositories"}
    else:
        result |= {"outcome": "PASSED", "summary": f"breaks none of {answer['looked_at']} packages that depend on it"}
    if arch:
        result["arch"] = arch
    return [result]
