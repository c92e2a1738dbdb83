"""Aborted once, aborted for good."""
from __future__ import annotations

from typing import Any

import pytest

from runner.abort import AbortToken


def test_an_abort_cannot_be_taken_back_nor_told_otherwise() -> None:
    with AbortToken() as token:
        before = token.is_aborted
        token.abort("stopped by hand", 130)
        token.abort("something else", 1)
        hostile: Any = token

        with pytest.raises(AttributeError):
            hostile.is_aborted = False

        assert (before, token.is_aborted, token.reason, token.exit_code) == (False, True, "stopped by hand", 130)
