"""
Can every package of a build be installed from the repositories it will live in?

Each package is solved on its own into an empty system, from the repositories and from the rest of the build, without
the older packages that the build replaces: what can only be installed beside its own predecessor is broken for everyone
who has updated.
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
    answer = ask("installable", packages, repositories, arch, cache=cache, timeout_seconds=timeout_seconds)
    broken = [each for each in answer["packages"] if each["problems"]]
    lines = [f"{name}: cannot be read as a package" for name in answer["unreadable"]]
    for each in broken:
        lines += [f"{each['package']} cannot be installed:", *explained(each["problems"])]
    good = [each["package"] for each in answer["packages"] if not each["problems"]]
    lines += [f"{package} can be installed" for package in good]
    result: dict[str, Any] = {"item": item, "type": item_type, "details": {"output": shortened(lines)}}
    if answer["unreadable"]:
        result |= {"outcome": "NEEDS_INSPECTION",
                   "summary": f"{len(answer['unreadable'])} of {len(packages)} packages cannot be read"}
    elif broken:
        result |= {"outcome": "FAILED", "summary": f"{len(broken)} of {len(packages)} packages cannot be installed: "
                                                   f"{named(each['package'] for each in broken)}"}
    else:
        result |= {"outcome": "PASSED", "summary": f"{len(packages)} of {len(packages)} packages can be installed"}
    if arch:
        result["arch"] = arch
    return [result]
