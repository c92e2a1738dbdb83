"""
Lets a question to the database be put again as it was.

Buildbot 4.3 takes filters, order and limits out of a question (`ResultSpec`) while it
puts it, because the database has seen to them. Where that fails and is tried again,
by its own patience with a locked database or by ours (patience.py), the second try
asked for everything: the door took the first buildset of all for that of a new key.
"""
from __future__ import annotations

from typing import Any

from buildbot.data.resultspec import ResultSpec

_TAKEN_OUT = ("filters", "order", "limit", "offset")
#: On our method.
_ATTRIBUTE = "checkotron_repeats"


def make_questions_repeatable() -> None:
    """Let a question that failed have all that it had; safe to call twice."""
    own = ResultSpec.thd_execute
    if hasattr(own, _ATTRIBUTE):
        return

    def thd_execute(self: Any, *arguments: Any) -> Any:
        before = {name: getattr(self, name) for name in _TAKEN_OUT}
        try:
            return own(self, *arguments)
        except Exception:
            for name, value in before.items():
                setattr(self, name, value)
            raise

    setattr(thd_execute, _ATTRIBUTE, True)
    ResultSpec.thd_execute = thd_execute
