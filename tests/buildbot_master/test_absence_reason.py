"""The operator learns what to do from what PostgreSQL says."""
from __future__ import annotations

import psycopg
import pytest
import sqlalchemy as sa

from buildbot_master.parts.absence_reason import (
    CHANGING,
    CROWDED,
    FULL,
    MISSING,
    REFUSED,
    UNREACHED,
    Reason,
    reason_of,
    said_by,
)

_SERVER = 'connection failed: connection to server at "10.0.0.5", port 5432 failed: '


def error(said: str, code: str | None = None) -> sa.exc.DBAPIError:
    own = psycopg.OperationalError(said)
    own.sqlstate = code
    return sa.exc.OperationalError("SELECT secrets", {}, own)


@pytest.mark.parametrize(("said", "expected"), [
    ('FATAL:  password authentication failed for user "bob"', REFUSED),
    ('FATAL:  no pg_hba.conf entry for host "10.0.0.7", user "bob", database "bob", no encryption', REFUSED),
    ('FATAL:  role "bob" does not exist', REFUSED),
    ('FATAL:  role "bob" is not permitted to log in', REFUSED),
    ('FATAL:  permission denied for database "bob"\nDETAIL:  User does not have CONNECT privilege.', REFUSED),
    ("fe_sendauth: no password supplied", REFUSED),
    ('FATAL:  database "bob" does not exist', MISSING),
    ('FATAL:  database "bob" is not currently accepting connections', MISSING),
    ("FATAL:  sorry, too many clients already", CROWDED),
    ("FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute", CROWDED),
    ('FATAL:  too many connections for role "bob"', CROWDED),
    ("FATAL:  the database system is starting up", CHANGING),
    ("FATAL:  the database system is shutting down", CHANGING),
    ("Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?", UNREACHED),
    ("FATAL:  Passwort-Authentifizierung für Benutzer »bob« fehlgeschlagen", UNREACHED),
])
def test_a_connection_that_is_refused_says_why_in_words(said: str, expected: Reason) -> None:
    assert reason_of(error(_SERVER + said)) is expected


@pytest.mark.parametrize(("code", "expected"), [
    ("57P01", CHANGING), ("53300", CROWDED), ("42P01", MISSING), ("42501", REFUSED), ("08006", UNREACHED)])
def test_a_session_that_ends_says_why_by_a_code(code: str, expected: Reason) -> None:
    assert reason_of(error("Verbindung beendet", code)) is expected


def test_a_full_disk_of_postgresql_is_told_as_such() -> None:
    assert reason_of(error("could not extend file: No space left on device", "53100")) is FULL


def test_the_log_gets_one_line_without_the_question() -> None:
    said = said_by(error(_SERVER + "Connection refused\n\tIs the server running?"))

    assert said == _SERVER + "Connection refused Is the server running?"
