"""Secrets that are made at the first start: never empty, whatever an earlier start left."""
from __future__ import annotations

from pathlib import Path

from buildbot_master.parts.secret_file import kept_secret


def test_an_empty_secret_is_made_anew_and_then_kept(tmp_path: Path) -> None:
    """A full disk or a kill between making and writing leaves an empty file."""
    path = tmp_path / "token"
    path.touch()

    first = kept_secret(path)

    assert len(first) >= 32
    assert kept_secret(path) == first
    assert [found.name for found in tmp_path.iterdir()] == ["token"]
    assert path.stat().st_mode & 0o077 == 0
