"""The pages of a real server, over SQLite and over PostgreSQL."""
from __future__ import annotations

import pytest

from tests.reporting.database.pages.parsed import Site
from tests.support.database_server import DatabaseServer


@pytest.fixture
def site(server: DatabaseServer) -> Site:
    """The pages of a server whose database is empty."""
    return Site(server)
