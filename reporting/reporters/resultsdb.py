"""
Results as rows of a ResultsDB: ours, Fedora's, or any other of API v2.0.

The design's dictionary and what becomes of it: `testcase_name` -> testcase,
`summary` -> note, `result_data` -> data, `log_url` -> ref_url, `job_id` ->
groups, where the group's uuid is the build id.

Never twice: every post carries an Idempotency-Key, and where an earlier try may
have arrived at a database that does not know such keys, it is asked first.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from checks.build_id import is_standalone
from checks.contracts import NOARCH
from checks.item import ITEM_TYPES
from checks.outcome import accepted
from checks.result import Result
from reporting.client import ResultsDBClient
from reporting.progress import Progress
from reporting.reporter import Delivery, NumberedResult, RefusedError, ReportedRun, Secrets

#: Bytes. The original's index refuses values over about 2.7 kB.
_VALUE_LIMIT = 2000
#: Characters.
_NOTE_LIMIT = 8000
_TESTCASE_LIMIT = 255


def reporter(address: str, secrets: Secrets) -> ResultsDBReporter:
    """Return the reporter of an http or https address."""
    return ResultsDBReporter(address, token=secrets.token)


class ResultsDBReporter:
    """Posts each result to one results database."""

    def __init__(self, url: str, *, token: str | None = None) -> None:
        self._client = ResultsDBClient(url, token=token)
        self.destination = self._client.name
        self._outcomes: tuple[str, ...] = ()

    def deliver(self, run: ReportedRun, results: Sequence[NumberedResult]) -> Iterator[Delivery]:
        """Yield each result's delivery with the address of its row. Raises AwayError, RefusedError."""
        self._outcomes = self._outcomes or self._client.outcomes()
        refused: list[RefusedError] = []
        for numbered in results:
            try:
                yield Delivery(numbered.number, self._post(run, numbered))
            except RefusedError as error:
                refused.append(error)  # one result that it does not want must not hold back the others
        if refused:
            raise refused[0]

    def announce(self, progress: Progress) -> str:
        """Store the state as an outcome where the database takes it. Raises AwayError, RefusedError."""
        self._outcomes = self._outcomes or self._client.outcomes()
        if progress.status not in self._outcomes:
            return f"not told: the database does not take {progress.status}"
        answer = self._client.post_result({
            "testcase": progress.testcase, "outcome": progress.status, "note": "", "ref_url": progress.log_url,
            "groups": [] if is_standalone(progress.build_id) else [{"uuid": progress.build_id,
                                                                    "ref_url": progress.log_url}],
            "data": {"item": [progress.item], "type": [progress.item_type], "arch": [progress.arch],
                     **_told_apart_by(progress.arch, {})},
            "submit_time": progress.at.strftime("%Y-%m-%dT%H:%M:%S.%f")},
            f"{progress.build_id}-{progress.status}" if not is_standalone(progress.build_id) else None)
        return str(answer.get("href") or "")

    def _post(self, run: ReportedRun, numbered: NumberedResult) -> str:
        body = body_of(run, numbered, self._outcomes)
        if numbered.in_doubt and (found := self._earlier(run, body)):
            return found
        answer = self._client.post_result(body, numbered.key or None)
        return str(answer.get("href") or "")

    def _earlier(self, run: ReportedRun, body: Mapping[str, Any]) -> str | None:
        """Return the address of a row that an earlier try left behind: the same in all that we send, time included."""
        params = [("testcases", body["testcase"]), ("outcome", body["outcome"])]
        if not is_standalone(run.build_id):
            params.append(("groups", run.build_id))
        item = body["data"]["item"][0]
        if "," not in item:  # the API splits values at commas
            params.append(("item", item))
        for row in self._client.results(params, limit=1000):
            if _is_same(row, body):
                return str(row.get("href") or "")
        return None


def body_of(run: ReportedRun, numbered: NumberedResult, outcomes: Sequence[str]) -> dict[str, Any]:
    """Return the body of POST /results. The same result gives the same body on every try."""
    result = numbered.result
    outcome = accepted(result.outcome, outcomes)
    note = result.note if outcome == result.outcome else f"{result.outcome}: {result.note}"
    groups = [] if is_standalone(run.build_id) else [{"uuid": run.build_id, "ref_url": run.log_url,
                                                      "description": _description(run)}]
    return {
        "testcase": result.testcase.lstrip("/")[:_TESTCASE_LIMIT],
        "outcome": outcome,
        "note": _without_nul(note)[:_NOTE_LIMIT],
        "ref_url": result.log_url,
        "groups": groups,
        "data": _data(run, result),
        "submit_time": run.submit_time(numbered.number).strftime("%Y-%m-%dT%H:%M:%S.%f"),
    }


def _data(run: ReportedRun, result: Result) -> dict[str, list[str]]:
    data = {key.replace(":", "_"): [_cropped(value) for value in values] for key, values in result.extra.items()}
    data |= {"item": [_cropped(result.item)], "type": [_cropped(result.item_type)]}
    if result.arch:
        data |= {"arch": [_cropped(result.arch)], **_told_apart_by(result.arch, data)}
    if result.artifact:
        data["artifact"] = [_cropped(result.artifact)]
    if result.output:
        data["output"] = [_cropped(result.output)]
    if run.duration_seconds is not None:
        data.setdefault("duration_seconds", [f"{run.duration_seconds:.1f}"])
    return data


def _told_apart_by(arch: str, data: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return the key by which gates keep architectures apart; without it the newest of them would speak for all."""
    return {} if arch == NOARCH or "system_architecture" in data else {"system_architecture": [_cropped(arch)]}


def _description(run: ReportedRun) -> str:
    kind = ITEM_TYPES.get(run.report.item_type)
    return f"{run.report.testcase} for {kind.wording if kind else run.report.item_type} {run.report.item}"


def _cropped(value: str) -> str:
    """Return the value within the limit, cut after a whole character, and after a whole line where there are lines."""
    raw = _without_nul(value).encode("utf-8", "backslashreplace")
    if len(raw) <= _VALUE_LIMIT:
        return raw.decode()
    head = raw[:_VALUE_LIMIT - 3].decode("utf-8", "ignore")
    if "\n" in head:
        head = head.rpartition("\n")[0] + "\n"
    return head + "…"


def _without_nul(text: str) -> str:
    return text.replace("\0", "\\x00")


def _is_same(row: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Compare by what a server cannot change; it leaves out the fraction of a second where that is zero."""
    time = str(row.get("submit_time", ""))
    return bool(row.get("note") == body["note"] and row.get("data") == body["data"]
                and (time if "." in time else f"{time}.000000") == body["submit_time"])
