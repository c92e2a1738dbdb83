"""`trigger retrigger` and `cancel`: jobs again, and jobs no more."""
from __future__ import annotations

import hashlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from checks.addresses import AddressesError, read_addresses
from checks.build_id import build_id_for
from checks.contracts import Job
from checks.item import shown
from trigger import ended_here
from trigger.completion import complete_check, complete_word
from trigger.ended_here import EndedHere
from trigger.held import HeldJobs
from trigger.job_key import KEY_LIMIT
from trigger.job_report import JobReport
from trigger.journal import CANCELLED, HELD, SCHEDULED, Journal, JournalJob
from trigger.option import InputError, door_of, door_options, existing_state_folder, state_folder
from trigger.scheduler import JobRefusedError, SchedulerAwayError
from trigger.schedulers.buildbot import BuildbotScheduler
from trigger.store import StoreAwayError
from trigger.stores.results_database import ResultsDatabaseStore

#: Between the key of a job and how often it was asked for again.
_AGAIN = "!again-"
#: How long a person waits for a master that is away.
_PATIENCE_SECONDS = 10.0

_CHECK = click.option("--check", "checks", multiple=True, metavar="NAME", help="Only this check. Repeatable.",
                      shell_complete=complete_check)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.command()
@click.argument("word", metavar="ITEM|BUILD_ID|MESSAGE_ID", shell_complete=complete_word)
@_CHECK
@click.option("--failed", is_flag=True,
              help="Only jobs that ended without a result, or with one that is not PASSED or INFO.")
@click.option("--results", "results_url", metavar="URL",
              help="Results database for --failed; else as the state folder says.")
@click.option("--dry-run", is_flag=True, help="Only say what would be scheduled.")
@_JSON
@door_options
def retrigger(word: str, checks: tuple[str, ...], failed: bool, results_url: str | None, dry_run: bool, as_json: bool,
              state: Path | None, door_urls: tuple[str, ...], door_token_file: Path | None) -> None:
    """
    Schedule jobs again: those of an item, of one build id, or of a message.

    They get new build ids; the old results stay.

    \b
      checkotron trigger retrigger xchat-0.5-1.fc20 --failed
      checkotron trigger retrigger xchat-0.5-1.fc20 --check rpmlint
      checkotron trigger retrigger xchat-0.5-1.fc20 --dry-run --json
    """
    folder, report = state_folder(state), JobReport(as_json)
    journal = _journal(folder)
    chosen = _newest_of_each(_found(journal, word, checks))
    if failed:
        chosen = _failed(chosen, folder, _results(folder, results_url), report)
    if not chosen and not as_json:
        click.echo("nothing to schedule: every job has a good result, or is under way")
    door = None if dry_run or not chosen else door_of(state, door_urls, door_token_file, _PATIENCE_SECONDS)
    for one in chosen:
        job = again(one.job, journal)
        if door is None:
            report.add(job, "would be scheduled", f"would schedule {job.label} ({job.build_id})")
        elif _schedule(door, job, one, journal, report):
            report.add(job, "scheduled", f"scheduled {job.label} ({job.build_id})")
    sys.exit(report.end())


@click.command()
@click.argument("word", metavar="ITEM|BUILD_ID|MESSAGE_ID", shell_complete=complete_word)
@_CHECK
@click.option("--buildbot", "buildbot_url", metavar="URL", help="Buildbot's pages; else as the state folder says.")
@click.option("--user", default="admin", show_default=True, help="Who may stop builds there.")
@click.option("--password-file", type=click.Path(path_type=Path), metavar="FILE",
              help="Holds the password; else <state>/secrets/admin.password.")
@click.option("--requeue", is_flag=True, help="Then schedule the same jobs anew.")
@click.option("--dry-run", is_flag=True, help="Only say which jobs would be asked to stop.")
@_JSON
@door_options
def cancel(word: str, checks: tuple[str, ...], buildbot_url: str | None, user: str, password_file: Path | None,
           requeue: bool, dry_run: bool, as_json: bool, state: Path | None, door_urls: tuple[str, ...],
           door_token_file: Path | None) -> None:
    """
    Stop jobs: those that wait here, those that wait in Buildbot, and builds that run.

    \b
      checkotron trigger cancel xchat-0.5-1.fc20
      checkotron trigger cancel xchat-0.5-1.fc20 --requeue
    """
    from trigger.buildbot_rest import BuildbotRest, BuildbotRestError, Login

    folder, report = state_folder(state), JobReport(as_json)
    journal, held = _journal(folder), HeldJobs(folder)
    rest: BuildbotRest | None = None
    for one in _found(journal, word, checks):
        job = one.job
        if dry_run:
            if one.state in (HELD, SCHEDULED):
                report.add(job, "would be cancelled", f"would cancel {job.label} ({job.build_id}), unless it has ended")
            continue
        if held.remove(job.build_id) or one.state == HELD:
            journal.note_job(job, one.rule, one.message_id, CANCELLED)
            EndedHere(folder).tell(job, ended_here.CANCELLED, "cancelled by hand while it waited in the trigger")
            report.add(job, "cancelled", f"{job.label}: waited here, cancelled")
            continue
        if one.state != SCHEDULED:
            continue
        try:
            rest = rest or BuildbotRest(Login(_buildbot(folder, buildbot_url), user,
                                              password_file or folder / "secrets" / "admin.password"))
            count = rest.cancel(job.key, "cancelled by hand")
        except BuildbotRestError as error:
            report.add(job, "not cancelled", f"{job.label}: {error}", str(error))
            continue
        fate = "cancelled" if count else "has ended before"
        report.add(job, fate, f"{job.label}: {fate}")
        if count and requeue:
            anew = again(job, journal)
            door = door_of(state, door_urls, door_token_file, _PATIENCE_SECONDS)
            if _schedule(door, anew, one, journal, report):
                report.add(anew, "scheduled", f"{anew.label}: scheduled anew ({anew.build_id})")
    if report.is_empty and not as_json:
        click.echo("nothing to cancel: every job was cancelled before, or refused")
    sys.exit(report.end())


def _schedule(door: BuildbotScheduler, job: Job, one: JournalJob, journal: Journal, report: JobReport) -> bool:
    """Put a job before the door and note it; False, and reported, where that failed."""
    try:
        if report.has("not scheduled"):
            raise SchedulerAwayError("the master is away")
        scheduled = door.schedule(job)
    except JobRefusedError as error:
        report.add(job, "refused", f"{job.label}: refused: {error}", str(error))
        return False
    except SchedulerAwayError as error:
        report.add(job, "not scheduled", f"{job.label}: not scheduled: {error}; say it again when the master is back",
                   str(error))
        return False
    journal.note_job(job, one.rule, one.message_id, SCHEDULED, scheduled.buildset)
    return True


def again(job: Job, journal: Journal) -> Job:
    """Return the same job with a key that was never used; the third time it is `<key>!again-3`."""
    base = job.key.partition(_AGAIN)[0]
    count = 1
    while True:
        tail = f"{_AGAIN}{count}"
        key = base + tail
        if len(key) > KEY_LIMIT:
            key = "sha256:" + hashlib.sha256(base.encode()).hexdigest() + tail
        if journal.state_of(key) is None:
            reason = f"asked for again by hand: {job.reason}"[:256]
            return replace(job, key=key, build_id=build_id_for(key), reason=reason)
        count += 1


def _found(journal: Journal, word: str, checks: tuple[str, ...]) -> list[JournalJob]:
    found = [one for one in journal.find(word) if not checks or one.job.taskname in checks]
    if not found:
        only = f" of {', '.join(checks)}" if checks else ""
        raise InputError(f"no job{only} is known for `{shown(word)}`; expected an item, a build id or a message id of "
                         "this trigger (`checkotron trigger status` shows the newest)")
    return found


def _newest_of_each(jobs: list[JournalJob]) -> list[JournalJob]:
    """Return the last job for each item, check and arch."""
    newest: dict[tuple[str, ...], JournalJob] = {}
    for one in jobs:
        newest[one.job.item, one.job.item_type, one.job.taskname, one.job.arch] = one
    return list(newest.values())


def _failed(jobs: list[JournalJob], folder: Path, results: ResultsDatabaseStore,
            report: JobReport) -> list[JournalJob]:
    """Return those that ended without a good result; asking twice must not run twice what still waits or runs."""
    buildbot, left = _buildbot_url(folder), []
    for one in jobs:
        try:
            if results.has(one.job.build_id):
                continue
            # a run that has a result has ended, though Buildbot may need another moment to say so
            if not results.outcomes(one.job.build_id) and _is_under_way(one, buildbot):
                report.add(one.job, "is under way", f"{one.job.label}: is under way ({one.job.build_id})")
                continue
        except StoreAwayError as error:
            raise InputError(f"the results database cannot be asked: {error}") from None
        left.append(one)
    return left


def _is_under_way(one: JournalJob, buildbot: str | None) -> bool:
    """True where the job waits or runs. Without a Buildbot none is known to."""
    from trigger.buildbot_rest import BuildbotRestError, is_under_way

    try:
        return one.state == HELD or (buildbot is not None and is_under_way(buildbot, one.job.key))
    except BuildbotRestError as error:
        raise InputError(f"whether jobs are under way cannot be asked: {error}") from None


def _buildbot_url(folder: Path) -> str | None:
    try:
        return read_addresses(folder).buildbot_url
    except AddressesError:
        return None


def _results(folder: Path, url: str | None) -> ResultsDatabaseStore:
    found = url or _addresses(folder).results_url
    if not found:
        raise InputError(f"{folder}: no results database runs there; name it with --results")
    return ResultsDatabaseStore(found, only_success=True)


def _buildbot(folder: Path, url: str | None) -> str:
    found = url or _addresses(folder).buildbot_url
    if not found:
        raise InputError(f"{folder}: no Buildbot runs there; name it with --buildbot")
    return str(found)


def _addresses(folder: Path) -> Any:
    try:
        return read_addresses(folder)
    except AddressesError as error:
        raise InputError(str(error)) from None


def _journal(folder: Path) -> Journal:
    return Journal(existing_state_folder(folder))
