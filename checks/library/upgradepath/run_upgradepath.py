"""
Is the upgrade path kept: nothing newer in an older release, nothing older in a newer one?

Whoever upgrades from one release to the next must not end with an older package than before. Versions are compared by
rpm itself, epoch, tilde and caret included.
"""
from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Mapping
from typing import Any

from packages import packages_below, shortened
from question import QuestionError, ask

#: What an epoch:version-release may be made of; it is written into a macro.
EVR = re.compile(r"[A-Za-z0-9._+~^%:-]{1,512}", re.ASCII)


def run(rpms: str, item: str, older: Any = None, newer: Any = None, item_type: str = "koji_build", *,
        arch: str | None = None, cache: str | None = None, timeout_seconds: float = 1800) -> list[dict[str, Any]]:
    """
    Return one result for the item.

    `older` and `newer` say where the neighbour releases live: {release: repositories}, repositories being
    {name: folder or URL}; either may be empty.
    Raises NoPackagesError, QuestionError: no verdict, and why; the run is NOT_OK.
    """
    packages = packages_below(rpms, item)
    neighbours = [(release, repositories, -1) for release, repositories in (older or {}).items()]
    neighbours += [(release, repositories, 1) for release, repositories in (newer or {}).items()]
    if not neighbours:
        raise QuestionError("no release to compare with; give `older` or `newer`, or fill in the table of releases")
    broken: list[Any] = []
    good: list[Any] = []
    unreadable: list[Any] = []
    for release, repositories, direction in neighbours:
        answer = ask("versions", packages, repositories, arch, cache=cache, timeout_seconds=timeout_seconds)
        unreadable = answer["unreadable"]
        for each in answer["packages"]:
            told, is_broken = judged(each, release, direction)
            (broken if is_broken else good).append(told)
    lines = [f"{name}: cannot be read as a package" for name in unreadable] + broken + good
    names = ", ".join(release for release, _, _ in neighbours)
    result: dict[str, Any] = {"item": item, "type": item_type, "details": {"output": shortened(lines)}}
    if unreadable:
        result |= {"outcome": "NEEDS_INSPECTION",
                   "summary": f"{len(unreadable)} of {len(packages)} packages cannot be read"}
    elif broken:
        many = "s" if len(broken) > 1 else ""
        result |= {"outcome": "FAILED", "summary": f"{len(broken)} broken upgrade path{many} (compared with {names})"}
    else:
        result |= {"outcome": "PASSED", "summary": f"upgrade path kept (compared with {names})"}
    if arch:
        result["arch"] = arch
    return [result]


def judged(package: Mapping[str, Any], release: str, direction: int) -> tuple[str, bool]:
    """Return what there is to say of one package and one neighbour release, and whether the path is broken."""
    name, evr = package["package"], package["evr"]
    if not package["there"]:
        return f"{name}: {release} does not have it", False
    newest = newest_of(package["there"])
    order = compared(newest, evr)
    if order * direction < 0:
        word = "only " if direction > 0 else "already "
        return f"{name}: {release} has {word}{newest}, this build is {evr}", True
    return f"{name}: {release} has {newest}, this build is {evr}: kept", False


def newest_of(versions: Iterable[str]) -> str:
    """Return the newest version by rpm's order."""
    newest = None
    for version in versions:
        if newest is None or compared(version, newest) > 0:
            newest = version
    assert newest is not None
    return newest


def compared(first: str, second: str) -> int:
    """Return -1, 0 or 1 as rpm orders two epoch:version-release."""
    for evr in (first, second):
        if not EVR.fullmatch(evr):
            raise QuestionError(f"`{evr[:80]}` is no epoch:version-release")
    # %{lua:} takes the numbers as they are; a percent sign would begin a macro
    lua = f'print(rpm.vercmp("{first}", "{second}"))'.replace("%", "%%")
    try:
        done = subprocess.run(["rpm", "--eval", f"%{{lua: {lua}}}"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise QuestionError("`rpm` is not installed; install it with `apt-get install rpm`") from None
    if done.returncode or done.stdout.strip() not in ("-1", "0", "1"):
        raise QuestionError(f"rpm cannot compare `{first}` with `{second}`: {done.stderr.strip()[:500]}")
    return int(done.stdout)
