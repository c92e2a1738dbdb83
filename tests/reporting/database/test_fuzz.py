"""Odd requests made from our own OpenAPI document: whatever comes, no 500."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reporting.database.access import create_token
from reporting.database.storage import Storage
from tests.support.database_server import DatabaseServer


@pytest.mark.slow
def test_no_request_made_from_the_document_breaks_the_server(server: DatabaseServer, storage: Storage,
                                                             tmp_path: Path) -> None:
    server.add(groups=["g"], data={"item": "a"})
    token = create_token(storage, "fuzz", ("*",))

    done = subprocess.run(
        [Path(sys.executable).parent / "schemathesis", "run", f"{server.url}/api/openapi.json",
         "--checks", "not_a_server_error", "--max-examples", "12", "--phases", "coverage,fuzzing", "--seed", "1",
         "--exclude-path", "/api/extra/following", "--suppress-health-check", "all",
         "--header", f"Authorization: Bearer {token}"],
        capture_output=True, text=True, timeout=300, check=False, cwd=tmp_path)

    assert done.returncode == 0, done.stdout[-3000:]
    assert "passed" in done.stdout
