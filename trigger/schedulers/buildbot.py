"""
Hands jobs to the door of the Buildbot master (ARCHITECTURE.md has the protocol).

A master that is away, starting or busy is waited for with growing pauses and
some chance in them, so that many triggers do not knock in step. Where several
masters share a database the next door is asked first; a job that went to two of
them is one job, for the database has each key once.
"""
from __future__ import annotations

import contextlib
import json
import logging
import math
import random
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

# under requests, which would cost half as much again as all the rest of a job
import urllib3

from checks.contracts import Job
from checks.item import shown
from trigger.field import number
from trigger.network_error import cause_of
from trigger.scheduler import JobRefusedError, Scheduled, SchedulerAwayError, SchedulerStoppedError

logger = logging.getLogger(__name__)

#: Seconds to connect, and to wait for an answer: a busy master still answers within a second or two.
TIMEOUT = urllib3.Timeout(connect=5, read=60)
#: Seconds: the first pause, and the longest.
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
#: What no other door would say differently.
_ANSWERS = (200, 201, 400, 413, 422, 429)
#: Bytes of an answer that are read.
ANSWER_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True)
class Door:
    """Where the master takes jobs, or each of several masters that share a database."""

    #: `http://127.0.0.1:8011`, without a slash at the end.
    url: str
    #: Holds the bearer token of all of them; read anew after a 401, so that it can be changed while we run.
    token_file: Path
    #: Those of further masters, asked in turn where one is away.
    others: tuple[str, ...] = ()

    @property
    def urls(self) -> tuple[str, ...]:
        """All of them."""
        return (self.url, *self.others)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a door said; status 0 where it said nothing."""

    url: str
    status: int
    why: str
    retry_after_seconds: float = 0.0
    data: dict[str, Any] = field(default_factory=dict)


class BuildbotScheduler:
    """Posts each job to the door until it is answered for good."""

    def __init__(self, door: Door, patience_seconds: float = math.inf) -> None:
        """`patience_seconds`: how long one job is tried; a broker takes back what is held for too long."""
        self._door = door
        self._patience_seconds = patience_seconds
        # Asks no proxy named in the environment: it must never see the token.
        self._pool = urllib3.PoolManager(timeout=TIMEOUT, retries=False)
        self._token = ""
        #: Of the door that answered last.
        self._at = 0
        self._stopped = threading.Event()
        #: Seconds waited for the door because of the job at hand; 0 where it answers.
        self.waiting_seconds = 0.0

    def schedule(self, job: Job) -> Scheduled:
        """Return when the door has answered 200 or 201."""
        body = job.to_dict()
        pause, waited = FIRST_PAUSE, 0.0
        while not self._stopped.is_set():
            answer = self._ask("POST", "/schedule", body)
            if answer.status in (200, 201):
                self.waiting_seconds = 0.0
                return Scheduled(job, number(answer.data, "buildset"), answer.status == 201)
            if answer.status in (400, 413, 422):
                self.waiting_seconds = 0.0
                raise JobRefusedError(_faults(answer))
            wait = _wait_seconds(answer, pause)
            self._say(job, answer, wait)
            if self._stopped.wait(wait):
                break
            self.waiting_seconds += wait
            waited += wait
            if waited >= self._patience_seconds:
                raise SchedulerAwayError(f"the door {answer.url}: {answer.why}")
            pause = min(pause * 2, LONGEST_PAUSE)
        raise SchedulerStoppedError

    def stop(self) -> None:
        """Wake from every wait."""
        self._stopped.set()

    def status(self) -> dict[str, Any]:
        """Return what the door says of itself: `pending`, `accepting`; `error` where it does not answer."""
        answer = self._ask("GET", "/status", None)
        return answer.data if answer.status == 200 else {"error": answer.why}

    def waiting(self) -> list[dict[str, Any]]:
        """Return the jobs that wait for a worker, each with its `reasons`; none where the door does not answer."""
        answer = self._ask("GET", "/waiting", None)
        jobs = answer.data.get("jobs") if answer.status == 200 else None
        return [job for job in jobs if isinstance(job, dict)] if isinstance(jobs, list) else []

    def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> _Answer:
        """Return what the first door says that has an answer; where none has one, what the last says, named for all."""
        urls = self._door.urls
        reasons: dict[str, str] = {}
        for tried in range(len(urls)):
            answer = self._ask_one(urls[self._at % len(urls)], method, path, body)
            reasons[answer.url] = answer.why
            # 429 is the word of all: they count the same jobs
            if answer.status in _ANSWERS or self._stopped.is_set():
                return answer
            if tried < len(urls) - 1:
                logger.warning("a door has no answer, the next is asked", extra={"door": answer.url, "why": answer.why})
                self._at += 1
        return replace(answer, url=" and ".join(reasons), why="; ".join(dict.fromkeys(reasons.values())))

    def _ask_one(self, url: str, method: str, path: str, body: dict[str, Any] | None) -> _Answer:
        sent = None if body is None else json.dumps(body).encode()
        try:
            with contextlib.closing(self._pool.request(method, url + path, body=sent, headers=self._headers(),
                                                       redirect=False, preload_content=False)) as response:
                # a connection whose answer was read to its end is kept
                text = response.read(ANSWER_LIMIT, decode_content=True)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            return _Answer(url, 0, cause_of(error))
        if response.status == 401:
            self._token = ""
        asked = response.headers.get("Retry-After", "")
        wait = float(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0.0
        return _Answer(url, response.status, f"answered {response.status}", wait, _json(text))

    def _headers(self) -> dict[str, str]:
        if not self._token:
            self._token = self._door.token_file.read_text(encoding="ascii").strip()
        return {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}

    def _say(self, job: Job, answer: _Answer, wait: float) -> None:
        fields = {"build_id": job.build_id, "job": job.label, "door": answer.url, "why": answer.why,
                  "wait_seconds": round(wait, 1)}
        if answer.status in (401, 403, 404, 405):
            logger.error("the door refuses us, the job waits; correct the address or the token file", extra=fields)
        else:
            logger.warning("the job waits for the door and is tried again", extra=fields)


def _wait_seconds(answer: _Answer, pause: float) -> float:
    """Return what the door asks for, at least our own pause, never more than the longest."""
    return min(max(answer.retry_after_seconds, pause * random.uniform(0.7, 1.3)), LONGEST_PAUSE)  # noqa: S311


def _faults(answer: _Answer) -> tuple[str, ...]:
    listed = answer.data.get("faults")
    if isinstance(listed, list) and listed:
        return tuple(shown(fault, 300) for fault in listed[:20])
    return (f"the door {answer.why} and gives no reason",)


def _json(text: bytes) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
