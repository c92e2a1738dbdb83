"""A commit whose answer was lost is looked up: a real PostgreSQL, and connections that end at the worst moment."""
from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from buildbot_master.parts.commits import Commits, prepare_commits
from tests.support.postgresql import PostgreSQL, running_postgresql


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    with running_postgresql() as found:
        yield found


@pytest.fixture
def engine(server: PostgreSQL) -> Iterator[Any]:
    engine = sa.create_engine(server.master_url)
    with engine.connect() as connection:
        prepare_commits(connection)
        connection.execute(sa.text("DELETE FROM checkotron_commits"))
        connection.execute(sa.text("DROP TABLE IF EXISTS jobs"))
        connection.execute(sa.text("CREATE TABLE jobs (name text)"))
        connection.commit()
    yield engine
    engine.dispose()


def commits(engine: Any) -> Commits:
    def wait(error: Exception) -> None:
        raise error

    found = Commits(engine, sa.create_engine(engine.url, poolclass=sa.pool.NullPool), wait)
    found.begin_try()
    return found


def add_job(engine: Any) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO jobs VALUES ('one')"))


def jobs(engine: Any) -> int:
    with engine.connect() as connection:
        return int(connection.execute(sa.text("SELECT count(*) FROM jobs")).scalar_one())


def test_a_commit_that_happened_and_was_not_answered_counts(engine: Any) -> None:
    own = engine.dialect.do_commit

    def commit(connection: Any) -> None:
        own(connection)
        connection.dbapi_connection.close()
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    engine.dialect.do_commit = commit
    noted = commits(engine)

    add_job(engine)

    assert noted.in_this_try == 1
    assert jobs(engine) == 1


def test_a_commit_that_never_arrived_is_an_error(server: PostgreSQL, engine: Any) -> None:
    own = engine.dialect.do_commit

    def commit(connection: Any) -> None:
        server.end_sessions()
        own(connection)

    engine.dialect.do_commit = commit
    noted = commits(engine)

    with pytest.raises(sa.exc.OperationalError) as caught:
        add_job(engine)

    assert caught.value.connection_invalidated
    assert noted.in_this_try == 0
    assert jobs(engine) == 0


def test_a_transaction_that_only_read_is_not_noted(engine: Any) -> None:
    noted = commits(engine)

    with engine.begin() as connection:
        connection.execute(sa.text("SELECT * FROM jobs"))

    assert noted.in_this_try == 0
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM checkotron_commits")).scalar_one() == 0


def test_a_session_that_still_has_the_transaction_is_waited_for(server: PostgreSQL, engine: Any) -> None:
    noted = commits(engine)
    answers: list[bool] = []
    asking = threading.Thread(target=lambda: answers.append(noted._has_happened("cut-off", 5)))

    with psycopg.connect(server.url) as other:
        other.execute("INSERT INTO checkotron_commits VALUES ('cut-off', 5, now())")
        asking.start()
        with psycopg.connect(server.url, autocommit=True) as looking:
            waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            while looking.execute(waits).fetchone() != (1,):
                assert asking.is_alive()
        before = list(answers)
    asking.join(60)

    assert before == []
    assert answers == [True]


def test_a_failed_transaction_is_rolled_back_by_its_commit_as_before(engine: Any) -> None:
    noted = commits(engine)

    with engine.connect() as connection:
        connection.execute(sa.text("INSERT INTO jobs VALUES ('one')"))
        with pytest.raises(sa.exc.ProgrammingError):
            connection.execute(sa.text("SELECT * FROM nothing"))
        connection.commit()

    assert noted.in_this_try == 0
    assert jobs(engine) == 0


def test_an_answer_is_not_lost_with_the_connection_that_gave_it(server: PostgreSQL, engine: Any) -> None:
    commits(engine)

    with engine.connect() as connection:
        found = connection.execute(sa.text("SELECT count(*) FROM jobs")).scalar_one()
        server.end_sessions()

    assert found == 0
    assert jobs(engine) == 0
