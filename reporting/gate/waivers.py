"""What people waived: from WaiverDB's API, or from a file of the same records."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from checks.document import DocumentError, load_document
from checks.item import shown
from reporting.json_service import JsonService
from reporting.reporter import DeliveryError, RefusedError
from reporting.urls import without_password

_NEEDED = ("subject_type", "subject_identifier", "testcase", "product_version")
_API = "/api/v1.0"


class WaiversError(ValueError):
    """Raised when a file of waivers cannot be used; the text has every fault."""


class NoWaivers:
    """Nobody waived anything."""

    def matching(self, filters: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Return none."""
        return []


class WaiverDB:
    """Waivers of a WaiverDB, asked by its filter query."""

    def __init__(self, url: str) -> None:
        plain = url.rstrip("/")
        self.url = plain if plain.endswith(_API) else plain + _API
        self._service = JsonService()

    def matching(self, filters: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Return what WaiverDB finds. Raises AwayError, RefusedError."""
        name = f"WaiverDB {without_password(self.url)}"
        try:
            data = self._service.ask("POST", f"{self.url}/waivers/+filtered", json={"filters": list(filters)})
        except DeliveryError as error:
            raise type(error)(f"{name}: {error}") from None
        found = data.get("data") if isinstance(data, Mapping) else None
        if not isinstance(found, list):
            raise RefusedError(f"{name}: the answer is no list of waivers; is this a WaiverDB?")
        return found


class WaiverFile:
    """
    Waivers in a YAML or JSON file: a list of records with WaiverDB's keys.

        - {subject_type: koji_build, subject_identifier: xchat-0.5-1.fc20, testcase: dist.rpmlint,
           product_version: fedora-20, comment: known, see bug 1}

    `id` is counted where it is missing; `waived: false` withdraws what stands before it.
    """

    def __init__(self, path: Path) -> None:
        self._waivers = _read(path)

    def matching(self, filters: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Return the waivers that a filter fits; of several for the same, only the last counts."""
        newest: dict[tuple[Any, ...], Mapping[str, Any]] = {}
        for waiver in self._waivers:
            if any(_fits(waiver, one) for one in filters):
                newest[(*(waiver[key] for key in _NEEDED), waiver.get("scenario"))] = waiver
        return list(reversed(newest.values()))


def _fits(waiver: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    until = str(wanted.get("since", ",")).partition(",")[2]
    if until and str(waiver.get("timestamp", "")) > until:
        return False
    return all(waiver.get(key) == wanted[key] for key in _NEEDED if wanted.get(key) is not None)


def _read(path: Path) -> list[Mapping[str, Any]]:
    try:
        data = load_document(path.read_text(encoding="utf-8"), str(path)).data
    except DocumentError as error:
        raise WaiversError("\n".join(map(str, error.faults))) from None
    except (OSError, UnicodeDecodeError) as error:
        raise WaiversError(f"{path}: cannot be read: {error}") from None
    if not isinstance(data, list):
        raise WaiversError(f"{path}: expected a list of waivers")
    faults: list[str] = []
    waivers: list[Mapping[str, Any]] = []
    for number, waiver in enumerate(data, 1):
        if not isinstance(waiver, Mapping):
            faults.append(f"{path}: waiver {number} is `{shown(waiver)}`; expected a mapping")
            continue
        faults += [f"{path}: waiver {number} has no `{key}`"
                   for key in _NEEDED if not isinstance(waiver.get(key), str)]
        waivers.append({"id": number, "waived": True, "comment": "", "scenario": None, **waiver})
    if faults:
        raise WaiversError("\n".join(faults))
    return waivers
