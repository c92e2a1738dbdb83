"""What produced a result, found again from its build id, its folder or its URL: check, revision, item, arch."""
from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checks.addresses import AddressesError, read_addresses
from checks.build_id import STANDALONE, BuildIdError, parse_build_id
from checks.contracts import NOARCH, OK, ContractError, ExecutionReport
from checks.item import shown
from runner.download import Downloader
from runner.package_source import MissingBuildError, SourceError

REPORT_NAME = "execution.json"


class NothingToReproduceError(Exception):
    """Raised when no run can be found behind what was given; the text says where was looked."""


@dataclass(frozen=True, slots=True)
class Past:
    """A run of the past."""

    report: ExecutionReport
    #: Where its report was found: a path or a URL.
    where: str

    @property
    def digest(self) -> str | None:
        """The digest of the check's files at that time."""
        revision: Mapping[str, str] = self.report.details.get("revision") or {}
        return revision.get("digest")

    @property
    def commit(self) -> str | None:
        """The Git commit of the check at that time."""
        revision: Mapping[str, str] = self.report.details.get("revision") or {}
        return revision.get("commit")


def find_past(what: str, state: Path) -> Past:
    """
    Return the run behind a build id, a folder, or the URL of a result or of a run's log.

    Raises NothingToReproduceError.
    """
    if what.startswith(("http://", "https://")):
        return _from_url(what)
    folder = Path(what)
    if (folder / REPORT_NAME).is_file():
        return _from_file(folder / REPORT_NAME)
    if (state / "runs" / folder.name / REPORT_NAME).is_file():
        return _from_file(state / "runs" / folder.name / REPORT_NAME)
    try:
        build_id = parse_build_id(what)
    except BuildIdError:
        raise NothingToReproduceError(f"`{shown(what)}` is no folder of a run, no build id and no URL") from None
    try:
        log_url = read_addresses(state).log_url(build_id)
    except AddressesError as error:
        raise NothingToReproduceError(f"build id {build_id}: {error}") from None
    if log_url is None:
        raise NothingToReproduceError(f"build id {build_id}: the running system serves no artifacts")
    return _from_log(log_url)


def _from_url(url: str) -> Past:
    """A result of a results database names its log; anything else is the log itself."""
    if re.search(r"/execution\.json$", url):
        return _parsed(_page(url), url)
    if re.search(r"/results/\d+/?$", url):
        result = _object(_page(url), url)
        log_url = result.get("ref_url")
        try:
            return _from_log(str(log_url)) if log_url else _from_result(result, url)
        except NothingToReproduceError:
            # logs are kept for a shorter time than results
            return _from_result(result, url)
    return _from_log(url)


def _from_result(result: Mapping[str, Any], url: str) -> Past:
    """What a result alone says: the check by name, item and arch; not which revision it was."""
    data: Mapping[str, Any] = result.get("data") or {}
    testcase = result.get("testcase")
    name = testcase.get("name") if isinstance(testcase, Mapping) else testcase
    values = {key: next(iter(data.get(key) or [None]), None) for key in ("item", "type", "arch")}
    if not name or not values["item"] or not values["type"]:
        raise NothingToReproduceError(f"{url}: the result does not say testcase, item and type")
    return Past(ExecutionReport(OK, "known by its result only", values["item"], values["type"], STANDALONE, str(name),
                                str(name), values["arch"] or NOARCH), url)


def _from_log(url: str) -> Past:
    """The folder of the run, from its URL or from that of a file in it."""
    tried = []
    for base in dict.fromkeys((url.rstrip("/"), url.rpartition("/")[0])):
        try:
            return _parsed(_page(f"{base}/{REPORT_NAME}"), f"{base}/{REPORT_NAME}")
        except NothingToReproduceError as error:
            tried.append(str(error))
    raise NothingToReproduceError(tried[0])


def _from_file(path: Path) -> Past:
    try:
        return _parsed(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise NothingToReproduceError(f"{path}: {error.strerror}") from None


def _page(url: str) -> str:
    try:
        return Downloader().page(url)
    except (MissingBuildError, SourceError) as error:
        raise NothingToReproduceError(str(error)) from None


def _parsed(text: str, where: str) -> Past:
    try:
        return Past(ExecutionReport.from_dict(_object(text, where)), where)
    except ContractError as error:
        raise NothingToReproduceError(f"{where}: {error}") from None


def _object(text: str, where: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise NothingToReproduceError(f"{where}: is no execution report")
    return data
