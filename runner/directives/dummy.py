"""dummy: does nothing, or fails; for trying out a check file."""
from __future__ import annotations

from checks.kind import Text
from checks.record import Key, Record
from runner.directive import Directive, DirectiveContext, DirectiveError


class Dummy(Directive):
    """Return a message, or fail where `result` is FAIL."""

    name = "dummy"
    PARAMETERS = Record((
        Key("result", Text(), "FAIL lets the action fail; anything else lets it succeed.", default="PASS",
            example="PASS"),
        Key("msg", Text(), "What the action returns.", example="it works"),
    ))

    def run(self, context: DirectiveContext) -> str | None:
        """Return `msg`."""
        message: str | None = self.parameters["msg"]
        if str(self.parameters["result"]).upper() == "FAIL":
            raise DirectiveError(message or "told to fail by `result: FAIL`")
        return message
