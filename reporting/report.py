"""
Every result to every reporter. Read this first.

1. `deliverer` finds a finished run in the queue; `run_folder` reads what it said.
2. `undelivered` puts the results on disk, before anything is sent.
3. `report` (here) gives every destination its turn; what fails is kept.
4. `reporters/` know one destination each; `client` talks to results databases.
5. What is missing is tried again with back-off until every destination has it.
"""
from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from reporting.reporter import DeliveryError, RefusedError, Reporter
from reporting.undelivered import RunFile

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Turn:
    """How one destination's turn with one run ended."""

    destination: str
    delivered: int
    missing: int
    #: Why something is missing, "" where nothing is.
    why: str = ""
    #: True where trying again helps only after somebody has acted.
    is_refusal: bool = False


def report(run_file: RunFile, reporters: Iterable[Reporter]) -> list[Turn]:
    """
    Hand what is missing to each destination; return how each turn ended.

    One that is away, refuses or breaks takes nothing from the others. Each
    delivery is on disk before the next begins.
    """
    return [_turn(run_file, reporter) for reporter in reporters if run_file.missing(reporter.destination)]


def _turn(run_file: RunFile, reporter: Reporter) -> Turn:
    name = reporter.destination
    missing = run_file.missing(name)
    fields = {"build_id": run_file.run.build_id, "destination": name}
    run_file.trying(name, (numbered.number for numbered in missing))
    why, refused, was_sent = "", False, True
    try:
        for delivery in reporter.deliver(run_file.run, missing):
            run_file.delivered(name, delivery)
            logger.info("result delivered", extra={**fields, "number": delivery.number, "url": delivery.reference})
    except DeliveryError as error:
        why, refused, was_sent = str(error), isinstance(error, RefusedError), error.was_sent
        logger.log(logging.ERROR if refused else logging.WARNING,
                   "results refused; kept, somebody must act" if refused else "results kept; tried again later",
                   extra={**fields, "why": why})
    except Exception as error:  # a reporter's bug must not stop the other destinations, nor lose a result
        why = f"bug in the reporter: {type(error).__name__}: {error}"
        logger.exception("reporter broke; its results are kept and tried again later", extra=fields)
    left = len(run_file.missing(name))
    if left and not why:
        why = "bug in the reporter: it ended without delivering everything"
    if left:
        run_file.failed(name, why, was_sent=was_sent)
    return Turn(name, len(missing) - left, left, why if left else "", refused and bool(left))
