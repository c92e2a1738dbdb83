"""The command that runs a check again by hand."""
from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from checks.item import ItemError, parse_item
from reporting.database.pages.row import Row

#: How our reporter begins the description of a run's group: "dist.rpmlint for Koji build ...".
_RUN = re.compile(r"(?P<namespace>[A-Za-z0-9_-]+)\.(?P<check>[A-Za-z0-9_.-]+) for ")
#: The namespace of the checks that come with Checkotron.
_OWN_NAMESPACE = "dist"
_CHECK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def command_for(row: Row, descriptions: Mapping[str, str]) -> str | None:
    """
    Return the command line that runs what made this result again, None where it did not come from such a run.

    `descriptions`: group uuid to description, of the groups of the result at least.
    """
    check = _check_of(row, descriptions)
    if check is None or not row.item.isprintable():
        return None
    try:
        parse_item(row.item, row.item_type)
    except ItemError:
        return None
    words = ["checkotron", "run", check, "--item", row.item, "--item-type", row.item_type]
    if row.arch and re.fullmatch(r"[A-Za-z0-9_]{1,40}", row.arch):
        words += ["--arch", row.arch]
    return shlex.join(words)


def _check_of(row: Row, descriptions: Mapping[str, str]) -> str | None:
    for uuid in row.result.group_uuids():
        run = _RUN.match(descriptions.get(uuid) or "")
        if run is None:
            continue
        testcase = f"{run['namespace']}.{run['check']}"
        if row.testcase == testcase or row.testcase.startswith(f"{testcase}."):
            return run["check"]
    namespace, _, rest = row.testcase.partition(".")
    check = rest.partition(".")[0]
    return check if namespace == _OWN_NAMESPACE and _CHECK.fullmatch(check) else None
