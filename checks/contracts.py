"""
The records that cross a process, and their dictionaries.

Job             trigger -> master      POST to the door; Buildbot properties
RunnerInput     master -> runner       a command line
CheckInput      runner -> check        environment variables and `input.json`
ExecutionReport runner -> reporting    `execution.json`
FinishedRun     master -> reporting    a file in the queue of finished runs

`to_dict` and `from_dict` are the only place that knows the keys. `from_dict`
raises ContractError naming every fault at once.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from checks.build_id import STANDALONE, BuildIdError, parse_build_id
from checks.item import ItemError, parse_item, shown

#: Where a check is not about one architecture.
NOARCH = "noarch"
OK = "OK"
NOT_OK = "NOT_OK"


class ContractError(ValueError):
    """Raised when a dictionary is not the record it should be; `.faults` has every one."""

    def __init__(self, record: str, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__(f"{record}: " + "; ".join(faults))


@dataclass(frozen=True, slots=True)
class Job:
    """Run this check on this item and arch. `key` makes it unique: the same key is never scheduled twice."""

    item: str
    item_type: str
    #: The check, `rpmlint` (Buildbot's property; "check" everywhere else).
    taskname: str
    arch: str
    build_id: str
    #: Says what happened and which rule asked, at most 256 characters: `koji:primary:1874072:complete/rpmlint/noarch`.
    key: str
    #: One line for people: why this job exists.
    reason: str = ""
    #: Higher runs earlier.
    priority: int = 0
    #: Further properties, all text.
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Names the job in errors and in Buildbot: `rpmlint-koji_build-xchat-0.5-1.fc20-x86_64`."""
        tail = "" if self.arch == NOARCH else f"-{self.arch}"
        return f"{self.taskname}-{self.item_type}-{self.item}{tail}"

    def to_dict(self) -> dict[str, Any]:
        """Return the body of a request to the door."""
        return asdict(self) | {"extra": dict(self.extra)}

    @classmethod
    def from_dict(cls, data: object) -> Job:
        """Return the job of a request to the door. Raises ContractError."""
        fields = _Fields("job", data)
        job = cls(
            item=fields.text("item", 512), item_type=fields.text("item_type", 64), taskname=fields.name("taskname"),
            arch=fields.name("arch", NOARCH), build_id=fields.build_id("build_id"), key=fields.text("key", 256),
            reason=fields.text("reason", 256, ""), priority=fields.number("priority", 0), extra=fields.texts("extra"),
        )
        fields.item(job.item, job.item_type)
        fields.storable("key", job.key)
        fields.storable("reason", job.reason)
        fields.storable("extra", "".join(key + value for key, value in job.extra.items()))
        fields.finish()
        return job


@dataclass(frozen=True, slots=True)
class RunnerInput:
    """What the runner is told (seed: item, item_type, build_id, yamlfile)."""

    item: str
    item_type: str
    #: A name of the library, or a path to the check's folder or YAML file.
    check: str
    arch: str = NOARCH
    build_id: str = STANDALONE

    def to_dict(self) -> dict[str, str]:
        """Return the seed's four keys and the arch."""
        return {"item": self.item, "item_type": self.item_type, "build_id": self.build_id,
                "yamlfile": self.check, "arch": self.arch}


@dataclass(frozen=True, slots=True)
class CheckInput:
    """What a check is told about its work: in its environment and in `input.json`."""

    item: str
    item_type: str
    build_id: str
    arch: str
    #: The full name, `dist.rpmlint`.
    testcase: str

    def to_dict(self) -> dict[str, str]:
        """Return the content of `input.json`."""
        return asdict(self)

    def environment(self) -> dict[str, str]:
        """Return the environment variables of the check."""
        return {"ITEM": self.item, "ITEM_TYPE": self.item_type, "BUILD_ID": self.build_id,
                "ARCH": self.arch, "TESTCASE": self.testcase}


@dataclass(frozen=True, slots=True)
class ExecutionReport:
    """Did the run itself work? Says nothing about the item."""

    #: OK or NOT_OK.
    execution_status: str
    #: One line: what happened, and why where it did not work.
    status: str
    item: str
    item_type: str
    build_id: str
    check: str
    testcase: str
    arch: str
    #: 0 worked; 1 check broke; 2 wrong check file; 3 surroundings failed, try again; 70 bug.
    exit_code: int = 0
    #: A word for programs: `ok`, `check-crashed`, `timed-out`, `aborted`, `no-results`, `bad-results`,
    #: `wrong-check`, `fetch-failed`, `bug`, ...
    code: str = "ok"
    #: ISO 8601, UTC.
    started: str = ""
    ended: str = ""
    executor: str = ""
    #: Everything else that is worth keeping: stages with their seconds, limits reached, revision, faults.
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_ok(self) -> bool:
        """True where the run came to its end, whatever the verdict."""
        return self.execution_status == OK

    def to_dict(self) -> dict[str, Any]:
        """Return the content of `execution.json`."""
        return asdict(self) | {"details": dict(self.details)}

    @classmethod
    def from_dict(cls, data: object) -> ExecutionReport:
        """Return the report in `execution.json`. Raises ContractError."""
        fields = _Fields("execution report", data)
        report = cls(
            execution_status=fields.text("execution_status", 8), status=fields.text("status", 65536),
            item=fields.text("item", 512), item_type=fields.text("item_type", 64),
            build_id=fields.build_id("build_id"), check=fields.text("check", 4096),
            testcase=fields.text("testcase", 256), arch=fields.name("arch", NOARCH),
            exit_code=fields.number("exit_code", 0), code=fields.text("code", 64, "ok"),
            started=fields.text("started", 64, ""), ended=fields.text("ended", 64, ""),
            executor=fields.text("executor", 64, ""), details=fields.mapping("details"),
        )
        if report.execution_status not in (OK, NOT_OK):
            fields.faults.append(f"`execution_status` is `{shown(report.execution_status)}`; expected OK or NOT_OK")
        fields.finish()
        return report


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A run whose results wait to be reported: one `<build id>.json` in the queue folder."""

    build_id: str
    #: The folder with `results.tap` and `execution.json`, absolute.
    folder: str
    #: Where people read it; None without an artifacts server.
    log_url: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the content of the file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: object) -> FinishedRun:
        """Return the run of a file in the queue. Raises ContractError."""
        fields = _Fields("finished run", data)
        run = cls(build_id=fields.build_id("build_id"), folder=fields.text("folder", 4096),
                  log_url=fields.text("log_url", 2048, "") or None)
        fields.finish()
        return run


class _Fields:
    """Reads a dictionary of strangers key by key and gathers every fault."""

    def __init__(self, record: str, data: object) -> None:
        self.record = record
        self.faults: list[str] = []
        if not isinstance(data, Mapping):
            raise ContractError(record, [f"expected an object, got {type(data).__name__}"])
        self.data = data

    def text(self, key: str, limit: int, default: str | None = None) -> str:
        value = self.data.get(key)
        value = default if value is None else value
        if not isinstance(value, str):
            self.faults.append(f"`{key}` is {'missing' if value is None else type(value).__name__}; expected text")
            return ""
        if len(value) > limit:
            self.faults.append(f"`{key}` has {len(value)} characters; at most {limit} are allowed")
        return value

    def name(self, key: str, default: str | None = None) -> str:
        value = self.text(key, 128, default)
        if value and not (value[0].isalnum() and all(c.isalnum() or c in "._+-" for c in value) and value.isascii()):
            self.faults.append(f"`{key}` is `{shown(value)}`; expected letters, digits and . _ + - only")
        return value

    def number(self, key: str, default: int) -> int:
        value = self.data.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 2**31 - 1:
            self.faults.append(f"`{key}` is `{shown(value)}`; expected a whole number")
            return default
        return value

    def mapping(self, key: str) -> Mapping[str, Any]:
        value = self.data.get(key) or {}
        if not isinstance(value, Mapping):
            self.faults.append(f"`{key}` is {type(value).__name__}; expected an object")
            return {}
        return value

    def texts(self, key: str) -> dict[str, str]:
        value = self.mapping(key)
        if not all(isinstance(k, str) and isinstance(v, str) for k, v in value.items()) or len(value) > 64:
            self.faults.append(f"`{key}`: expected at most 64 texts by name")
            return {}
        return dict(value)

    def build_id(self, key: str) -> str:
        try:
            return parse_build_id(self.data.get(key))
        except BuildIdError as error:
            self.faults.append(f"`{key}`: {error}")
            return STANDALONE

    def item(self, item: str, item_type: str) -> None:
        try:
            parse_item(item, item_type)
        except ItemError as error:
            self.faults.append(f"`item`: {error}")

    def storable(self, key: str, value: str) -> None:
        """No database stores these: the sender would be told to try again for ever."""
        if any(char == "\0" or "\ud800" <= char <= "\udfff" for char in value):
            self.faults.append(f"`{key}`: has a NUL or half a character (a lone surrogate)")

    def finish(self) -> None:
        if self.faults:
            raise ContractError(self.record, self.faults)
