"""Every test of the API runs twice: against SQLite and against a private PostgreSQL, each behind a real server."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reporting.database.all_storages import open_storage
from reporting.database.storage import Storage
from tests.support.database_server import DatabaseServer, database_server
from tests.support.postgresql import private_postgresql

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def database_urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """One empty database of each kind for the session."""
    with private_postgresql() as postgresql:
        yield {"sqlite": f"sqlite:///{tmp_path_factory.mktemp('results')}/results.db", "postgresql": postgresql}


@pytest.fixture(scope="session", params=DATABASES)
def database_url(request: pytest.FixtureRequest, database_urls: dict[str, str]) -> str:
    """The database of this run of the test."""
    return database_urls[request.param]


@pytest.fixture(scope="session")
def session_storage(database_url: str) -> Iterator[Storage]:
    """A storage on the same database, beside the server."""
    storage = open_storage(database_url)
    yield storage
    storage.close()


@pytest.fixture
def storage(session_storage: Storage) -> Storage:
    """The storage, emptied."""
    session_storage.reset()
    return session_storage


@pytest.fixture(scope="session")
def session_server(database_url: str) -> Iterator[DatabaseServer]:
    """A server with the outcomes that `checkotron up` allows."""
    outcomes = ("CRASHED", "ABORTED", "QUEUED", "RUNNING", "ERROR")
    options = [word for outcome in outcomes for word in ("--additional-outcome", outcome)]
    with database_server(database_url, options) as server:
        yield server


@pytest.fixture
def server(session_server: DatabaseServer, storage: Storage) -> DatabaseServer:
    """The server, its database emptied while it runs."""
    return session_server


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A new SQLite database."""
    return f"sqlite:///{tmp_path}/results.db"
