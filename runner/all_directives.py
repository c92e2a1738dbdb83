"""
The literal list of directives. A new one: its file in directives/, one line here.

Directives of others are found by entry point: group `checkotron.directives`,
the name of the directive, an object that is a `Directive`.
"""
from __future__ import annotations

import importlib
from collections.abc import Mapping

from checks.item import shown
from checks.kind import nearest
from runner.directive import Directive

#: Name: (module, class). Modules are imported only when a check uses them: start-up time is a feature.
DIRECTIVES: dict[str, tuple[str, str]] = {
    "bodhi": ("runner.directives.bodhi", "BodhiDirective"),
    "check_command": ("runner.directives.check_command", "CheckCommand"),
    "command": ("runner.directives.command", "CommandDirective"),
    "create_report": ("runner.directives.create_report", "CreateReport"),
    "createrepo": ("runner.directives.createrepo", "Createrepo"),
    "distgit": ("runner.directives.distgit", "Distgit"),
    "dummy": ("runner.directives.dummy", "Dummy"),
    "exitcode": ("runner.directives.exitcode", "Exitcode"),
    "git": ("runner.directives.git", "Git"),
    "koji": ("runner.directives.koji", "Koji"),
    "python": ("runner.directives.python", "Python"),
    "release": ("runner.directives.release", "ReleaseDirective"),
    "resultsdb": ("runner.directives.resultsdb", "Resultsdb"),
    "rpm": ("runner.directives.rpm", "Rpm"),
    "sbuild": ("runner.directives.sbuild", "Sbuild"),
    "shell": ("runner.directives.command", "Shell"),
    "tap": ("runner.directives.tap", "Tap"),
    "xunit": ("runner.directives.xunit", "Xunit"),
    "yumrepoinfo": ("runner.directives.yumrepoinfo", "Yumrepoinfo"),
}
#: Names of formulas up to 2015.
OLD_NAMES = {"bash": "shell"}
#: Stand for something else in a check file and are not written there.
INTERNAL = frozenset({"check_command"})
ENTRY_POINTS = "checkotron.directives"


class UnknownDirectiveError(Exception):
    """Raised when no directive has that name; names the nearest one."""


class DirectiveClashError(Exception):
    """Raised when two directives have the same name; says where both come from."""


def directive_named(name: str) -> type[Directive]:
    """Return the directive of that name, in any case. Raises UnknownDirectiveError, DirectiveClashError."""
    plain = OLD_NAMES.get(name.lower(), name.lower())
    if plain in DIRECTIVES:
        module, attribute = DIRECTIVES[plain]
        directive: type[Directive] = getattr(importlib.import_module(module), attribute)
        return directive
    outside = directives_of_others()
    if plain in outside:
        return outside[plain]
    names = [known for known in (*DIRECTIVES, *outside) if known not in INTERNAL]
    raise UnknownDirectiveError(f"unknown directive `{shown(name)}`{nearest(plain, names) or ';'} "
                                f"known: {', '.join(sorted(names))}")


def directive_names() -> list[str]:
    """Return the names of all directives, in order."""
    return sorted([*DIRECTIVES, *directives_of_others()])


def directives_of_others() -> Mapping[str, type[Directive]]:
    """Return the directives that installed packages offer. Raises DirectiveClashError."""
    from importlib.metadata import entry_points

    found: dict[str, type[Directive]] = {}
    for point in entry_points(group=ENTRY_POINTS):
        if point.name in DIRECTIVES or point.name in found:
            there = found[point.name].__module__ if point.name in found else DIRECTIVES[point.name][0]
            raise DirectiveClashError(f"directive `{point.name}` of `{point.value}` is there already, in `{there}`; "
                                      "one of the two packages has to rename it")
        directive = point.load()
        if not (isinstance(directive, type) and issubclass(directive, Directive)) or directive.run is Directive.run:
            raise DirectiveClashError(f"`{point.value}` is no directive: expected a class that says how it runs")
        found[point.name] = directive
    return found
