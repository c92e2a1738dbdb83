"""What is wrong with checks, and what could be better, without running anything."""
from __future__ import annotations

import os
from collections.abc import Sequence

from checks.catalogue import UnknownCheckError, load_catalogue
from checks.description import CheckDescription, CheckFileError
from checks.document import Fault
from runner.settings import check_folders
from runner.validation import faults_of, find


def faults_in(names: Sequence[str]) -> tuple[list[Fault], list[Fault], int]:
    """Return faults, advice, and how many checks were looked at; without names: all of the library."""
    checks: list[CheckDescription] = []
    faults: list[Fault] = []
    folders = check_folders(os.environ)
    if not names:
        catalogue = load_catalogue(folders)
        checks.extend(catalogue.checks.values())
        faults.extend(catalogue.faults)
        for draft in catalogue.drafts:
            faults.extend(faults_of(draft))
    for name in names:
        try:
            checks.append(find(name, folders))
        except CheckFileError as error:
            faults.extend(error.faults)
        except UnknownCheckError as error:
            faults.append(Fault(0, (), str(error), name))
    broken = len({fault.file for fault in faults})
    advice: list[Fault] = []
    for check in checks:
        faults.extend(faults_of(check))
        advice.extend(advice_for(check))
    return faults, advice, len(checks) + broken


def advice_for(check: CheckDescription) -> list[Fault]:
    """Return what could be better: nothing of it keeps the check from running."""
    sentences: list[tuple[tuple[str, ...], str]] = []
    if not check.description:
        sentences.append(((), "`description` is missing; say in a sentence what the check finds"))
    if not check.maintainer:
        sentences.append(((), "`maintainer` is missing; say who answers for the check"))
    if check.path.stem not in (check.name, "runtask", "check"):
        sentences.append((("name",), f"the file is called `{check.path.name}`; expected `{check.name}.yml`"))
    if check.actions and not any(action.directive == "resultsdb" for action in check.actions):
        sentences.append((("actions",), "no action says which results go out; add `resultsdb`"))
    if not check.item_types:
        sentences.append(((), "`input.item_type` is missing; the check is taken to run on any item"))
    document = check.document
    return [document.fault(path, text) for path, text in sentences] if document else []
