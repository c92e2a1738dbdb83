"""
`CheckDetail`, `ReportType`, `export_YAML`, `import_YAML` and `export_TAP`, as checks of 2014 to 2018 use them.

The outcome is what the last of `update_outcome` said that was worse than the
ones before; a check that said nothing needs inspection.
"""
from __future__ import annotations

import json
import os
import re
import typing

from .exceptions import TaskotronValueError

#: Keys that the record itself has: extra data of these names is left out, with a word.
RESERVED_KEYS = ("item", "type", "outcome", "note", "results", "checkname", "artifact", "_internal")
_TEXTS = {"koji_build": "Koji build", "koji_tag": "Koji tag", "bodhi_update": "Bodhi update", "compose": "compose",
          "docker_image": "Docker image", "dist_git_commit": "dist-git commit", "git_commit": "git commit",
          "module_build": "module build", "pull_request": "pull request", "yum_repository": "Yum repository"}


class ReportType:
    """The kinds of item by the names of their constants."""

    BODHI_UPDATE = "bodhi_update"
    COMPOSE = "compose"
    DIST_GIT_COMMIT = "dist_git_commit"
    DOCKER_IMAGE = "docker_image"
    GIT_COMMIT = "git_commit"
    KOJI_BUILD = "koji_build"
    KOJI_TAG = "koji_tag"
    MODULE_BUILD = "module_build"
    PULL_REQUEST = "pull_request"
    YUM_REPOSITORY = "yum_repository"

    @classmethod
    def list(cls) -> typing.Sequence[str]:
        """Return the names of the kinds."""
        return [value for name, value in vars(cls).items() if name.isupper()]


class CheckDetail:
    """One verdict on one item. Raises ValueError: an unknown outcome."""

    #: From best to worst.
    outcome_priority = ("PASSED", "INFO", "FAILED", "NEEDS_INSPECTION", "ABORTED", "CRASHED")

    def __init__(self, item: str | None = None, report_type: str | None = None,
                 outcome: str | None = None, note: str = "", output: typing.Iterable[str] | None = None,
                 keyvals: dict[str, typing.Any] | None = None, checkname: str | None = None,
                 artifact: str | None = None, summary: str = "") -> None:
        self._outcome = None if outcome is None else known_outcome(outcome)
        self.item = item
        self.report_type = report_type
        #: A line for people; before 0.3.22 its name was `summary`.
        self.note = note or summary
        if isinstance(output, str):
            raise TaskotronValueError(f"output: {output[:60]!r} is a text; expected a list of lines")
        if not isinstance(keyvals or {}, dict):
            raise TaskotronValueError(f"keyvals: {keyvals!r:.60} is no dict")
        self.output = [*(output or ())]
        self.keyvals = dict(keyvals or {})
        #: Of the runner's; passed on as it is.
        self._internal: dict[str, typing.Any] = {}
        self.checkname = checkname
        self.artifact = artifact

    @property
    def outcome(self) -> str:
        """The verdict; NEEDS_INSPECTION while there is none."""
        return self._outcome or "NEEDS_INSPECTION"

    @outcome.setter
    def outcome(self, value: str) -> None:
        self._outcome = known_outcome(value)

    @property
    def summary(self) -> str:
        """The earlier name of `note`."""
        return self.note

    @summary.setter
    def summary(self, value: str) -> None:
        self.note = value

    def update_outcome(self, outcome: str | None) -> None:
        """Take the outcome if it is worse than the present one, or the first."""
        if outcome is not None and (self._outcome is None or self.cmp_outcome(outcome, self._outcome) > 0):
            self._outcome = known_outcome(outcome)

    @classmethod
    def cmp_outcome(cls, first: str | None, second: str | None) -> int:
        """Return 1, 0 or -1 where the first is worse than, equal to or better than the second; None is best."""
        ranks = [-1 if each is None else cls.outcome_priority.index(known_outcome(each)) for each in (first, second)]
        return (ranks[0] > ranks[1]) - (ranks[0] < ranks[1])

    def store(self, message: object, printout: bool = True) -> None:
        """Keep one or several lines of output; print them as well."""
        for line in [message] if isinstance(message, str) else typing.cast("typing.Iterable[object]", message):
            self.output.append(str(line))
            if printout:
                print(line)

    def broken(self) -> bool:
        """Return whether the check came to no verdict."""
        return self.outcome in ("ABORTED", "CRASHED")

    @classmethod
    def create_multi_item_summary(cls, outcomes: typing.Any) -> str:
        """Return `3 PASSED, 1 FAILED` for outcomes, for check details or for one of these."""
        outcomes = [outcomes] if isinstance(outcomes, CheckDetail) else outcomes
        words = [each.outcome if isinstance(each, CheckDetail) else known_outcome(each) for each in outcomes]
        return ", ".join(f"{words.count(word)} {word}" for word in cls.outcome_priority if word in words)

    def __str__(self) -> str:
        return f"<CheckDetail: {self.item} {self.report_type} {self.outcome}>"


def known_outcome(word: str) -> str:
    """Return the outcome of that word, in any case. Raises ValueError: not known."""
    if str(word).upper() not in CheckDetail.outcome_priority:
        raise TaskotronValueError(
            f"unknown outcome {word!r}; expected one of {', '.join(CheckDetail.outcome_priority)}")
    return str(word).upper()


def export_YAML(check_details: typing.Any) -> str:
    """Return the verdicts as ResultYAML; JSON is YAML, and needs no library. Raises ValueError: no item."""
    return json.dumps({"results": [_record(detail) for detail in _details(check_details, ("item",))]}, indent=2)


def import_YAML(text: str) -> list[CheckDetail]:
    """Return the verdicts in ResultYAML. Raises ValueError: it is none."""
    try:
        data = json.loads(text)
    except (ValueError, TypeError):
        data = _loaded(text)
    if not isinstance(data, dict) or "results" not in data:
        raise TaskotronValueError("no ResultYAML: expected a mapping with the key `results`")
    records = data["results"] or []
    if not isinstance(data["results"], (list, type(None))) or not all(isinstance(each, dict) for each in records):
        raise TaskotronValueError("no ResultYAML: `results` is no list of mappings")
    return [_detail(dict(each)) for each in records]


def _loaded(text: str) -> typing.Any:
    try:
        import yaml

        return yaml.safe_load(text)
    except ImportError:
        raise TaskotronValueError("no JSON, and PyYAML is not installed to read it as YAML") from None
    except (yaml.YAMLError, AttributeError, TypeError) as error:
        raise TaskotronValueError(f"no YAML: {error}") from None


def _detail(record: dict[str, typing.Any]) -> CheckDetail:
    known = {name: record.pop(key, None) for key, name in (
        ("item", "item"), ("type", "report_type"), ("outcome", "outcome"), ("note", "note"),
        ("checkname", "checkname"), ("artifact", "artifact"))}
    internal = record.pop("_internal", None)
    detail = CheckDetail(**{**known, "note": known["note"] or ""}, keyvals=record)
    detail._internal = internal or {}
    return detail


def export_TAP(check_details: typing.Any, checkname: str = "$CHECKNAME") -> str:
    """Return the verdicts as TAP 13. Raises ValueError: no item or type."""
    lines = ["TAP version 13"]
    details = _details(check_details)
    for number, detail in enumerate(details, 1):
        record = _record(detail)
        name = record.pop("checkname", checkname)
        if name != "$CHECKNAME":
            record["checkname"] = name
        is_ok = "ok" if detail.outcome in ("PASSED", "INFO") else "not ok"
        what = _TEXTS.get(str(detail.report_type), str(detail.report_type))
        sentence = f"{is_ok} {number} - {name} for {what} {detail.item}"
        failed = "\t# FAIL" if detail.outcome == "FAILED" else ""
        lines += [re.sub(r"\s+|#", " ", sentence) + failed, "  ---"]
        if detail.output:
            lines.append("  details: {}".format(json.dumps({"output": "\n".join(map(str, detail.output))})))
        lines += [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in record.items()]
        lines.append("  ...")
    return "\n".join([*lines, f"1..{len(details)}", ""])


def _details(given: typing.Any, needed: tuple[str, ...] = ("item", "report_type")) -> list[CheckDetail]:
    details = [given] if isinstance(given, CheckDetail) else list(given)
    for number, detail in enumerate(details, 1):
        if not isinstance(detail, CheckDetail):
            raise TypeError(f"result {number} is a {type(detail).__name__}; expected a CheckDetail")
        if not all(getattr(detail, name) for name in needed):
            raise TaskotronValueError(f"result {number}: `{'` and `'.join(needed)}` "
                                      f"{'are' if len(needed) > 1 else 'is'} needed for reporting")
    return details


def _record(detail: CheckDetail) -> dict[str, typing.Any]:
    record: dict[str, typing.Any] = {"item": detail.item, "type": detail.report_type, "outcome": detail.outcome}
    if not detail.report_type:
        del record["type"]
    artifact = None if detail.artifact is None else os.fspath(detail.artifact)
    for key, value in (("note", detail.note), ("checkname", detail.checkname), ("artifact", artifact),
                       ("_internal", detail._internal)):
        if value:
            record[key] = value
    for key, value in detail.keyvals.items():
        if key in RESERVED_KEYS:
            print(f"keyvals: `{key}` is a name of the record itself, and left out")
        else:
            record[key] = value if isinstance(value, (str, int, float, bool, list, tuple)) else str(value)
    return record
