"""Secrets that are made at the first start: never empty, whatever an earlier start left."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from buildbot_master.parts.door import door_token
from buildbot_master.stack.state import kept_secret


@pytest.mark.parametrize("secret_of", [door_token, kept_secret])
def test_an_empty_secret_is_made_anew_and_then_kept(secret_of: Callable[[Path], str], tmp_path: Path) -> None:
    """A full disk or a kill between making and writing leaves an empty file."""
    path = tmp_path / "token"
    path.touch()

    first = secret_of(path)

    assert len(first) >= 32
    assert secret_of(path) == first
    assert [found.name for found in tmp_path.iterdir()] == ["token"]
    assert path.stat().st_mode & 0o077 == 0
