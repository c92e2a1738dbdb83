"""
The order of versions: rpm's and Debian's.

rpm: rpmvercmp of rpm's manual, "Version comparison" (rpm-version(7)).
Debian: deb-version(7), "Sorting algorithm".
"""
from __future__ import annotations

import re
from functools import cmp_to_key
from itertools import zip_longest

_RPM_PART = re.compile(r"~|\^|[A-Za-z]+|[0-9]+")
_DEBIAN_PART = re.compile(r"(\D*)(\d*)", re.ASCII)


def compare_rpm(left: str, right: str) -> int:
    """Return -1, 0 or 1: whether the left version (or release) is older than, the same as or newer than the right."""
    if left == right:
        return 0
    for mine, theirs in zip_longest(_RPM_PART.findall(left), _RPM_PART.findall(right)):
        if mine == theirs:
            continue
        for mark, below in (("~", -1), ("^", None)):
            if mark in (mine, theirs):
                return _beside_mark(mine, theirs, mark, below)
        if mine is None or theirs is None:
            return -1 if mine is None else 1
        if mine[0].isdigit() != theirs[0].isdigit():
            return 1 if mine[0].isdigit() else -1
        if mine[0].isdigit():
            if _number(mine) == _number(theirs):
                continue
            return 1 if _number(mine) > _number(theirs) else -1
        return 1 if mine > theirs else -1
    return 0


def _number(digits: str) -> tuple[int, str]:
    """Return what orders as the number does, without making one: a stranger's version may have thousands of digits."""
    significant = digits.lstrip("0")
    return len(significant), significant


def _beside_mark(mine: str | None, theirs: str | None, mark: str, below: int | None) -> int:
    """A tilde is older than anything, even the end; a caret is newer than the end, older than all else."""
    if mine == mark:
        return below or (1 if theirs is None else -1)
    return -(below or (1 if mine is None else -1))


def compare_debian(left: str, right: str) -> int:
    """Return -1, 0 or 1 for the whole of a Debian version, epoch and revision included."""
    left_epoch, left_rest = _debian_epoch(left)
    right_epoch, right_rest = _debian_epoch(right)
    if left_epoch != right_epoch:
        return 1 if left_epoch > right_epoch else -1
    (left_up, _, left_rev), (right_up, _, right_rev) = (_revision(left_rest), _revision(right_rest))
    return _compare_debian_part(left_up, right_up) or _compare_debian_part(left_rev, right_rev)


def _debian_epoch(version: str) -> tuple[tuple[int, str], str]:
    epoch, colon, rest = version.partition(":")
    return (_number(epoch), rest) if colon and epoch.isascii() and epoch.isdigit() else (_number(""), version)


def _revision(version: str) -> tuple[str, str, str]:
    upstream, dash, revision = version.rpartition("-")
    return (upstream, dash, revision) if dash else (revision, "", "")


def _compare_debian_part(left: str, right: str) -> int:
    for mine, theirs in zip_longest(_DEBIAN_PART.findall(left), _DEBIAN_PART.findall(right), fillvalue=("", "")):
        for one, other in zip_longest(map(_debian_weight, mine[0]), map(_debian_weight, theirs[0]), fillvalue=0):
            if one != other:
                return 1 if one > other else -1
        if _number(mine[1]) != _number(theirs[1]):
            return 1 if _number(mine[1]) > _number(theirs[1]) else -1
    return 0


def _debian_weight(character: str) -> int:
    if character == "~":
        return -1
    return ord(character) if character.isalpha() else ord(character) + 256


RPM_KEY = cmp_to_key(compare_rpm)
DEBIAN_KEY = cmp_to_key(compare_debian)
