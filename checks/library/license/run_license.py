"""
Is the License of every package a valid SPDX expression, and is what it asks for allowed?

Valid is what license-expression (PyPI) finds valid, plus the LicenseRef- names that SPDX leaves to everyone. What is
allowed stands in a list: `allowed_licenses.txt` beside this file, or the operator's own.
"""
from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

#: What people wrote before SPDX, and what to write now; a hint, never a verdict.
OLD_NAMES = {
    "AFL": "AFL-2.1 or AFL-3.0", "ASL 2.0": "Apache-2.0", "Artistic 2.0": "Artistic-2.0",
    "BSD": "BSD-2-Clause or BSD-3-Clause", "GPL": "GPL-2.0-only, GPL-2.0-or-later or a later one",
    "GPL+": "GPL-1.0-or-later", "GPLv2": "GPL-2.0-only", "GPLv2+": "GPL-2.0-or-later", "GPLv3": "GPL-3.0-only",
    "GPLv3+": "GPL-3.0-or-later", "LGPL": "LGPL-2.1-only or another", "LGPLv2": "LGPL-2.0-only or LGPL-2.1-only",
    "LGPLv2+": "LGPL-2.0-or-later or LGPL-2.1-or-later", "LGPLv3": "LGPL-3.0-only", "LGPLv3+": "LGPL-3.0-or-later",
    "MPLv1.1": "MPL-1.1", "MPLv2.0": "MPL-2.0", "Public Domain": "LicenseRef-Fedora-Public-Domain",
    "Python": "Python-2.0.1", "zlib": "Zlib",
}
LICENSE_REF = re.compile(r"(?:DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+")
#: Characters of a License tag; real ones stay below 1,000.
EXPRESSION_LIMIT = 20_000
#: The package's name and architecture, 1 where it is a source package, and its license.
QUERY = ("rpm", "-qp", "--nosignature", "--queryformat", "%{NAME}.%{ARCH}\\n%{SOURCEPACKAGE}\\n%{LICENSE}")
DEFAULT_LIST = Path(__file__).resolve().parent / "allowed_licenses.txt"


class LicenseError(RuntimeError):
    """Raised where there is no verdict for a reason that is not the package's: the run is NOT_OK."""


class Standing(IntEnum):
    """What the list says of a license, from best to worst."""

    ALLOWED = 0
    UNKNOWN = 1
    REFUSED = 2


@dataclass(frozen=True)
class Judged:
    """What there is to say about one License tag."""

    outcome: str
    text: str


def run(rpms: str, item: str, item_type: str = "koji_build", *, allowed: str | None = None,
        arch: str | None = None) -> list[dict[str, Any]]:
    """
    Return one result for the item.

    `rpms` is the folder with the packages; `allowed` a list of licenses, one a line, a refused one with a `-` before
    it. Raises LicenseError: no verdict, and why; the run is NOT_OK.
    """
    listed = read_list(Path(allowed) if allowed else DEFAULT_LIST)
    tags, unreadable = tags_below(Path(rpms))
    if not tags and not unreadable:
        raise LicenseError(f"`{rpms}` holds no package (*.rpm) of {item}: nothing to check")
    judged = {tag: judge(tag, listed) for tag in tags}
    order = ("PASSED", "INFO", "NEEDS_INSPECTION", "FAILED")
    outcome = max((each.outcome for each in judged.values()), key=order.index, default="PASSED")
    lines = [f"{name}: cannot be read as a package" for name in unreadable]
    for tag, packages in sorted(tags.items(), key=lambda each: -order.index(judged[each[0]].outcome)):
        lines += [f"{tag or '(no license)'}: {judged[tag].text}", f"  {', '.join(packages)}"]
    bad = [tag for tag in tags if judged[tag].outcome == outcome]
    summary = {"PASSED": "valid and allowed: ", "INFO": "SPDX writes it otherwise: ",
               "NEEDS_INSPECTION": "not on the list of licenses: ", "FAILED": "not valid or not allowed: "}[outcome]
    summary += ", ".join(bad)
    if unreadable:
        outcome, summary = "NEEDS_INSPECTION", f"{len(unreadable)} packages cannot be read"
    output = "\n".join(_printable(line) for line in lines)[:60_000]
    result = {"item": item, "type": item_type, "outcome": outcome, "summary": _printable(summary)[:300],
              "details": {"output": output}}
    return [result | ({"arch": arch} if arch else {})]


def tags_below(folder: Path) -> tuple[dict[str, list[str]], list[str]]:
    """Return {License tag: packages that have it}, and the names of files that are no packages."""
    tags: dict[str, list[str]] = {}
    unreadable = []
    for path in sorted(folder.rglob("*.rpm")):
        if not path.is_file() or path.is_symlink():
            continue
        try:
            with path.open("rb") as file:
                done = subprocess.run([*QUERY, "/dev/stdin"], stdin=file, capture_output=True, check=False)
        except FileNotFoundError:
            raise LicenseError("`rpm` is not installed; install it with `apt-get install rpm`") from None
        name, source, tag = [*done.stdout.decode("utf-8", "replace").split("\n", 2), "", "", ""][:3]
        if done.returncode or not name:
            unreadable.append(path.name)
            continue
        name = f"{name.rpartition('.')[0]}.src" if source == "1" else name
        tags.setdefault(" ".join(tag.split()) if tag != "(none)" else "", []).append(name)
    return tags, unreadable


def read_list(path: Path) -> dict[str, Standing]:
    """Return what the list says of each license, names in lower case: SPDX compares them so."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LicenseError(f"list of licenses `{path}` cannot be read: {error}") from None
    names = [line.partition("#")[0].strip() for line in lines]
    return {name.removeprefix("-").strip().lower(): Standing.REFUSED if name.startswith("-") else Standing.ALLOWED
            for name in names if name}


def judge(tag: str, listed: dict[str, Standing]) -> Judged:
    """Return the verdict on one License tag."""
    if not tag:
        return Judged("FAILED", "the package has no License; every package needs one")
    if len(tag) > EXPRESSION_LIMIT:
        return Judged("FAILED", f"has {len(tag)} characters; at most {EXPRESSION_LIMIT} are read")
    licensing = spdx()
    wrong = faults_of(licensing, LICENSE_REF.sub("MIT", tag))
    if wrong:
        hints = [f"`{old}` is written {OLD_NAMES[old]} today" for old in old_names_in(tag)]
        return Judged("FAILED", "; ".join([f"not a valid SPDX expression: {wrong}", *hints]))
    # license-expression would give a LicenseRef- another name: a placeholder goes in, the name comes back
    references = [match.group() for match in LICENSE_REF.finditer(tag)]
    numbers = iter(range(len(references)))
    tree = licensing.parse(LICENSE_REF.sub(lambda _: f"reference-{next(numbers)}", tag), validate=False)
    standing, names = standing_of(tree, listed, references)
    told = ", ".join(sorted(names))
    if standing is Standing.REFUSED:
        return Judged("FAILED", f"valid, but not allowed: {told}")
    if standing is Standing.UNKNOWN:
        return Judged("NEEDS_INSPECTION", f"valid, but nobody has allowed or refused yet: {told}")
    spelt = {name for name in names_in(tree) if name.lower() not in tag.lower() and not name.startswith("reference-")}
    if spelt:
        return Judged("INFO", f"understood, but SPDX writes it {', '.join(sorted(spelt))}")
    return Judged("PASSED", "valid and allowed")


def spdx() -> Any:
    """Return license-expression's knowledge of SPDX."""
    try:
        from license_expression import get_spdx_licensing
    except ImportError:
        raise LicenseError("license-expression is not installed; install it with "
                           "`pip install license-expression`") from None
    return get_spdx_licensing()


def faults_of(licensing: Any, tag: str) -> str:
    """Return what license-expression has against the tag, empty where it is valid."""
    try:
        info = licensing.validate(tag, strict=True)
    except Exception:  # validate() itself fails on some expressions that parse() refuses
        try:
            licensing.parse(tag, validate=True, strict=True)
        except Exception as error:
            return _printable(str(error))[:300] or type(error).__name__
        return "license-expression cannot read it"
    unknown = [name for name in info.invalid_symbols if name]
    return f"unknown {', '.join(f'`{name}`' for name in unknown)}" if unknown else " ".join(info.errors)[:300]


def standing_of(node: Any, listed: dict[str, Standing], references: list[str]) -> tuple[Standing, set[str]]:
    """Return what the list says of an expression, and which licenses decided it: the worst of AND, the best of OR."""
    parts = [standing_of(part, listed, references) for part in getattr(node, "args", ())]
    if not parts:
        name = str(getattr(node, "license_symbol", node))
        if name.startswith("reference-"):
            name = references[int(name.removeprefix("reference-"))]
        return listed.get(name.lower(), Standing.UNKNOWN), {name}
    is_or = type(node).__name__ == "OR"
    best = (min if is_or else max)(part[0] for part in parts)
    return best, set().union(*(names for standing, names in parts if standing is best))


def names_in(node: Any) -> Iterator[str]:
    """Yield the names of the licenses in an expression, as SPDX spells them."""
    if not getattr(node, "args", ()):
        yield str(getattr(node, "license_symbol", node))
    for part in getattr(node, "args", ()):
        yield from names_in(part)


def old_names_in(tag: str) -> Iterator[str]:
    """Yield the names from before SPDX that stand in the tag."""
    for part in re.split(r"[()]|\band\b|\bor\b|\bwith\b", tag, flags=re.IGNORECASE):
        if part.strip() in OLD_NAMES:
            yield part.strip()


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
