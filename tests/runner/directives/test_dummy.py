"""dummy: the smallest directive, and the model of a directive's test."""
from __future__ import annotations

from pathlib import Path

import pytest

from runner.directive import DirectiveContext, DirectiveError
from runner.directives.dummy import Dummy


def test_it_returns_its_message(tmp_path: Path) -> None:
    assert Dummy({"result": "PASS", "msg": "hello"}).run(DirectiveContext.alone(tmp_path)) == "hello"


def test_it_fails_when_told_so(tmp_path: Path) -> None:
    with pytest.raises(DirectiveError, match="told so"):
        Dummy({"result": "FAIL", "msg": "told so"}).run(DirectiveContext.alone(tmp_path))
