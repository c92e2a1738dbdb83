"""The state folder: what cannot be one is said in one sentence."""
from __future__ import annotations

from pathlib import Path

import pytest

from buildbot_master.stack.state import State, StateError, lock


@pytest.mark.parametrize("name", ["a\nb", "b\udcff", "l" * 250 + "/" + "m" * 250])
def test_a_path_that_a_part_could_not_open_is_refused_before_anything_starts(name: str, tmp_path: Path) -> None:
    with pytest.raises(StateError, match="cannot be used as state folder: its path has more than 400 bytes"):
        State(tmp_path / name).make()

    assert list(tmp_path.iterdir()) == []


def test_a_path_with_spaces_and_letters_of_anybody_is_taken(tmp_path: Path) -> None:
    state = State(tmp_path / "stäte \u5fd7 folder")

    state.make()

    assert state.folder.is_dir()


def test_a_lock_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()

    with pytest.raises(StateError, match="lock: cannot be opened: Is a directory"):
        lock(State(tmp_path))
