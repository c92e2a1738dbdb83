"""
The keys a check's YAML may have: the one table for validation, error texts, the reference and the JSON Schema.

Formulas of 2014 to 2017 are read as they are: `desc`, `task` and a text
`args: koji_build, arch` are older spellings in the same table.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.item import ITEM_TYPES, shown
from checks.kind import (
    BYTES,
    CPUS,
    SECONDS,
    Anything,
    Choice,
    Either,
    Flag,
    ListOf,
    MapOf,
    Place,
    Text,
    Whole,
    nearest,
    wrong,
)
from checks.record import Key, Record

#: A check, a namespace, a directive, a variable: safe in a file name, a URL and a TAP line.
NAME = r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}"
VARIABLE = r"[A-Za-z_][A-Za-z0-9_]{0,63}"
#: What a check without a namespace is: free to report, and blocking nothing.
DEFAULT_NAMESPACE = "scratch"
DEFAULT_TIMEOUT_SECONDS = 3600.0
DEFAULT_SILENCE_SECONDS = 1200.0

_NAME = Text("letters, digits and . _ + - only", NAME, 128)
_VARIABLE = Text("a variable's name: letters, digits and _", VARIABLE, 64)
_NAMES = ListOf(_NAME, single=True, commas=True)
_TEXTS = ListOf(Text(), single=True)
_ARCHES = ListOf(Text("an architecture such as `x86_64` or `noarch`", r"[A-Za-z0-9_]{1,32}"), single=True, commas=True)
_PATH = Text("a path inside the check's folder", r"(?!/)(?!(.*/)?\.\.(/|$)).{1,512}", 512)

#: Keys of an action that are not its directive.
ACTION = Record((
    Key("name", Text("one line", r"[^\n]{1,200}", 200), "What the action does, for people.", example="run rpmlint"),
    Key("export", _VARIABLE, "The variable that keeps what the action returns.", aliases=("register",), example="tap"),
    Key("timeout", SECONDS, "The longest the action may take."),
    Key("ignore_failure", Flag(), "True lets the run go on where this action fails.", default=False),
    Key("always", Flag(), "True runs the action even after an earlier one failed: for cleaning up.", default=False),
), is_open=True)


class ActionKind:
    """One action: the keys of `ACTION` and exactly one directive with its arguments."""

    words = "an action: one directive with its arguments, and `name`, `export`"

    def read(self, value: Any, place: Place) -> Any:
        """Return the keys of `ACTION` plus `directive` and `parameters`."""
        if not isinstance(value, Mapping):
            wrong(self, value, place)
            return {}
        clean = ACTION.read(value, place)
        known = {key.name for key in ACTION.keys}
        directives = [name for name in clean if name not in known]
        if len(directives) > 1:
            directives = self._without_slips(directives, place)
        action = {key: clean[key] for key in known} | {"directive": "", "parameters": None, "path": place.path}
        if len(directives) != 1:
            there = " and ".join(f"`{shown(name, 40)}`" for name in directives) or "none"
            place.fault(f"expected exactly one directive beside `name` and `export`, found {there}")
            return action
        name = directives[0]
        if not isinstance(clean[name], (Mapping, list, str, type(None))):
            wrong(MapOf(Anything()), clean[name], place.at(name))
        return action | {"directive": name, "parameters": clean[name]}

    @staticmethod
    def _without_slips(names: list[str], place: Place) -> list[str]:
        """Tell a key beside the directive that is nearly one of an action: `nmae`. Return what is left."""
        keys = [name for key in ACTION.keys for name in (key.name, *key.aliases)]
        slips = {name: hint for name in names if (hint := nearest(name, keys))}
        if len(slips) != len(names) - 1:
            return names
        for name, hint in slips.items():
            place.at(name).fault(f"unknown key `{shown(name, 60)}`{hint} beside the directive an action has: "
                                 f"{', '.join(key.name for key in ACTION.keys)}")
        return [name for name in names if name not in slips]

    def json_schema(self) -> dict[str, Any]:
        """Return the rule for editors; runner adds the directives."""
        return ACTION.json_schema()


INPUT = Record((
    Key("item_type", ListOf(Choice(tuple(ITEM_TYPES)), single=True, commas=True),
        "The kinds of item the check runs on. Without it: those named in `args`; without both: any.",
        example="koji_build", aliases=("item_types",)),
    Key("args", ListOf(_VARIABLE, single=True, commas=True),
        "Variables that must be there before the check runs; an item type stands for the item.", default=(),
        example=["koji_build", "arch"]),
))

ENVIRONMENT = Record((
    Key("rpm", _TEXTS, "RPM packages whose tools or files the check needs.", default=(), example=["rpmlint"]),
    Key("deb", _TEXTS, "Debian packages that the check needs.", default=(), example=["lintian"]),
    Key("python", _TEXTS, "Python packages that the check needs.", default=()),
    Key("tools", _NAMES, "Programs that must be on the path.", default=(), example=["rpmlint"]),
    Key("image", Text(), "The image or root to run in, by name; overrides what follows."),
    Key("distribution", _NAME, "The distribution of the root, `fedora`.", aliases=("distro",)),
    Key("release", _NAME, "The release of the root, `f42`."),
    Key("variant", _NAME, "A variant of the root; the check's own name is tried first.", aliases=("flavor",)),
    Key("arch", _NAME, "The architecture of the root where it is not the job's."),
    Key("executor", Choice(("auto", "local", "sandbox", "podman", "kubernetes", "recording")),
        "What runs the check's commands.", default="auto"),
    Key("network", Flag(), "True where the check's commands need the network.", default=False),
    Key("variables", MapOf(Text(), r"[A-Za-z_][A-Za-z0-9_]{0,127}"), "Environment variables, in addition.",
        default=None, aliases=("env",), example={"LANG": "C.UTF-8"}),
))

RUN = Record((
    Key("using", Choice(("directives", "command", "python-function")), "The way the check runs.", required=True),
    Key("command", Either((ListOf(Text()), Text())),
        "With `using: command`: a list is run as it is, a text by `sh -c`. Exit 0 is PASSED, another is FAILED, "
        "unless the command prints TAP."),
    Key("results", Choice(("auto", "tap", "exit-code")),
        "With `using: command`: where the verdict comes from. `auto`: TAP where stdout begins with it.",
        default="auto"),
    Key("file", _PATH, "With `using: python-function`: the Python file, relative to the check's folder."),
    Key("callable", Text("a function's name", VARIABLE), "With `using: python-function`: the function.", default="run",
        aliases=("function",)),
    Key("arguments", MapOf(Anything(), VARIABLE), "With `using: python-function`: keyword arguments.", default=None),
    Key("checkout", Flag(), "False where the image carries the check already.", default=True),
))

RESOURCES = Record((
    Key("memory", BYTES, "Of each process; of the whole tree where the executor can.", example="1 GiB"),
    Key("cpus", CPUS, "Processors at once, where the executor can hold it.", example="500m"),
    Key("cpu_time", SECONDS, "Processor time of each process."),
    Key("processes", Whole(1, 65536), "Processes and threads at once."),
    Key("file_size", BYTES, "The largest file the check may write.", example="1 GiB"),
    Key("disk", BYTES, "Room for the temporary files of the check."),
))

CHECK = Record((
    Key("name", _NAME, "The check's name, the same as its folder's.", required=True, example="rpmlint"),
    Key("namespace", _NAME, "Before the name in results: `dist` gives `dist.rpmlint`. `scratch` is free for all.",
        default=DEFAULT_NAMESPACE, example="dist"),
    Key("description", Text(), "What the check finds, in one or two sentences.", aliases=("desc",), default="",
        example="Common packaging mistakes, found by rpmlint."),
    Key("maintainer", Text("one line", r"[^\n]{1,200}", 200), "Who answers for the check.", default="",
        example="checkotron"),
    Key("ref_url", Text("a URL", r"https?://\S{1,500}", 512), "Where people read what the check means."),
    Key("version", Text("one line", r"[^\n]{1,64}", 64), "The check's own version."),
    Key("disabled", Flag(), "True keeps the check from being scheduled.", default=False),
    Key("input", INPUT, "What the check runs on.", default=None, example={"item_type": "koji_build"}),
    Key("arches", _ARCHES, "Architectures the check can run on.", default=None),
    Key("matrix", Record((Key("arch", _ARCHES, "One job for each.", required=True),)),
        "Runs the check once for each value.", example={"arch": ["x86_64", "aarch64"]}),
    Key("environment", ENVIRONMENT, "What must be there for the check to run.", default=None,
        example={"rpm": ["rpmlint"]}),
    Key("run", RUN, "How the check runs, where it has no `actions`.", example={"using": "command", "command": "make"}),
    Key("actions", ListOf(ActionKind(), limit=200), "What the check does, in order.", aliases=("task",)),
    Key("timeout", SECONDS, "The longest the run may take.", default=DEFAULT_TIMEOUT_SECONDS, example="20 min"),
    Key("silence_timeout", SECONDS, "The longest a command may print nothing.", default=DEFAULT_SILENCE_SECONDS),
    Key("resources", RESOURCES, "The most the check may use.", default=None, example={"memory": "1 GiB"}),
    Key("shares", _NAME, "A folder beside the check's own: its files lie among the check's when it runs, so that "
        "several checks can share them.", example="shared"),
    Key("artifacts", _TEXTS, "Patterns of files in the working folder to keep beside the results.", default=(),
        example=["*.log"]),
    Key("parameters", MapOf(Text("one line", r"[^\n]{0,1024}", 1024), r"[a-z][a-z0-9_]{0,31}"),
        "What an operator may set, by name, and what holds where nobody does. `${parameters.name}` in an argument.",
        default=None, example={"config": ""}),
    Key("caches", _NAMES, "Folders kept between runs by name; only for checks that are trusted.", default=(),
        example=["dnf"]),
    Key("secrets", _NAMES, "Secrets given as files; only to checks whose repository is allowed.", default=()),
), doc="A check: one YAML file in a folder of the same name.")
