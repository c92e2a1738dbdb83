"""
What the trigger has done: one row a job, and the messages that started any. A SQLite file in the state folder.

It answers people (status, explain by message id, retrigger); exactly-once does
not hang on it, the door's keys do that. Only messages that ask for jobs cost a
write. Several processes may use it at once.
"""
from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from checks.contracts import Job
from trigger.message import BusMessage, UnreadableMessageError, make_message, parse_body

FILE_NAME = "trigger.sqlite"
#: Messages that are kept for `explain` and `retrigger`; the oldest go first.
MESSAGES_KEPT = 20_000
#: Seconds that a job is remembered.
JOBS_KEPT = 90 * 24 * 3600
#: Characters of a body that is kept.
BODY_LIMIT = 1024 * 1024

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    id TEXT PRIMARY KEY, topic TEXT NOT NULL, body TEXT NOT NULL, received REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS messages_received ON messages (received);
CREATE TABLE IF NOT EXISTS jobs (
    key TEXT PRIMARY KEY, build_id TEXT NOT NULL, item TEXT NOT NULL, item_type TEXT NOT NULL, taskname TEXT NOT NULL,
    arch TEXT NOT NULL, rule TEXT NOT NULL, message_id TEXT NOT NULL, state TEXT NOT NULL, noted REAL NOT NULL,
    buildset INTEGER, job TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS jobs_build_id ON jobs (build_id);
CREATE INDEX IF NOT EXISTS jobs_item ON jobs (item);
CREATE INDEX IF NOT EXISTS jobs_message ON jobs (message_id);
CREATE INDEX IF NOT EXISTS jobs_noted ON jobs (noted);
"""
#: States of a job here. What Buildbot makes of it is Buildbot's to say.
SCHEDULED, HELD, MERGED, REFUSED, CANCELLED = "scheduled", "held", "merged", "refused", "cancelled"


@dataclass(frozen=True, slots=True)
class JournalJob:
    """One job as noted."""

    job: Job
    #: Name of the rule.
    rule: str
    message_id: str
    #: scheduled, held, merged (into another of the same burst), refused or cancelled
    state: str
    #: Seconds since the epoch.
    noted: float
    buildset: int | None = None


class Journal:
    """The file, open; safe to use from several threads."""

    def __init__(self, state: Path) -> None:
        state.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(state / FILE_NAME, timeout=30, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_SCHEMA)
        self._noted_messages = 0

    def note_message(self, message: BusMessage) -> None:
        """Keep a message that asked for jobs."""
        body = json.dumps(message.body)
        if len(body) > BODY_LIMIT:
            body = json.dumps({"checkotron": f"a body of {len(body)} characters is not kept"})
        with self._writing() as connection:
            connection.execute("INSERT OR IGNORE INTO messages VALUES (?, ?, ?, ?)",
                               (message.occurrence, message.topic, body, time.time()))
            self._noted_messages += 1
            if self._noted_messages % 500 == 1:
                connection.execute("DELETE FROM messages WHERE id IN (SELECT id FROM messages ORDER BY received DESC "
                                   "LIMIT -1 OFFSET ?)", (MESSAGES_KEPT,))
                connection.execute("DELETE FROM jobs WHERE noted < ? AND state != ?", (time.time() - JOBS_KEPT, HELD))

    def note_job(self, job: Job, rule: str, message_id: str, state: str, buildset: int | None = None) -> None:
        """Note what became of a job; what is known of it stays, except its state."""
        row = (job.key, job.build_id, job.item, job.item_type, job.taskname, job.arch, rule, message_id, state,
               time.time(), buildset, json.dumps(job.to_dict()))
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET "
                "state = excluded.state, buildset = coalesce(excluded.buildset, buildset)", row)

    def state_of(self, key: str) -> str | None:
        """Return the state of a job, None where it is not known."""
        row = self._read("SELECT state FROM jobs WHERE key = ?", key)
        return row[0][0] if row else None

    def find(self, word: str) -> list[JournalJob]:
        """Return the jobs of an item, a build id, a message or a key, oldest first."""
        rows = self._read("SELECT job, rule, message_id, state, noted, buildset FROM jobs WHERE build_id = ?1 "
                          "OR item = ?1 OR message_id = ?1 OR key = ?1 ORDER BY noted, key", word)
        return [_job(row) for row in rows]

    def newest(self, limit: int) -> list[JournalJob]:
        """Return the jobs noted last, newest first."""
        rows = self._read("SELECT job, rule, message_id, state, noted, buildset FROM jobs ORDER BY noted DESC LIMIT ?",
                          limit)
        return [_job(row) for row in rows]

    def words(self, column: Literal["item", "build_id", "taskname"], beginning: str, limit: int) -> list[str]:
        """Return what the column has that begins so, of the newest jobs first."""
        rows = self._read(f"SELECT {column} FROM jobs WHERE {column} >= ? AND {column} < ? "  # noqa: S608 (literals)
                          f"GROUP BY {column} ORDER BY max(noted) DESC LIMIT ?",
                          beginning, f"{beginning}\U0010ffff", limit)
        return [row[0] for row in rows]

    def message(self, identifier: str) -> BusMessage | None:
        """Return a kept message."""
        rows = self._read("SELECT topic, body FROM messages WHERE id = ?", identifier)
        try:
            return make_message(rows[0][0], parse_body(rows[0][1]), identifier, "journal") if rows else None
        except UnreadableMessageError:
            return None

    def messages_since(self, when: float) -> Iterator[BusMessage]:
        """Yield the kept messages received since, oldest first; `when` in seconds since the epoch."""
        for (identifier,) in self._read("SELECT id FROM messages WHERE received >= ? ORDER BY received, id", when):
            message = self.message(identifier)
            if message is not None:
                yield message

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how many jobs each rule has, by state."""
        found: dict[str, dict[str, int]] = {}
        rows = self._read("SELECT rule, state, count(*) FROM jobs GROUP BY rule, state ORDER BY rule")
        for rule, state, count in rows:
            found.setdefault(rule, {})[state] = count
        return found

    def launches_since(self, check: str, when: float) -> list[float]:
        """Return when jobs of a check were scheduled since, oldest first."""
        return [row[0] for row in self._read("SELECT noted FROM jobs WHERE taskname = ? AND noted >= ? AND state = ? "
                                             "ORDER BY noted", check, when, SCHEDULED)]

    def close(self) -> None:
        """Close the file; it cannot be used afterwards."""
        with self._lock:
            self._connection.close()

    def _read(self, statement: str, *parameters: Any) -> list[Any]:
        with self._lock:
            return self._connection.execute(statement, parameters).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Give the connection inside a transaction."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


def _job(row: Any) -> JournalJob:
    job, rule, message_id, state, noted, buildset = row
    return JournalJob(Job.from_dict(json.loads(job)), rule, message_id, state, noted, buildset)
