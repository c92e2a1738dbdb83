"""exitcode: lets a run by hand end with 100 where the outcome is bad, for use in scripts."""
from __future__ import annotations

from checks.kind import Anything
from checks.outcome import worst_of
from checks.record import Key, Record
from checks.tap import TapLimits
from runner.directive import Directive, DirectiveContext, DirectiveError
from runner.verdicts import VerdictError, Verdicts

#: The exit code where the outcome is neither PASSED nor INFO.
BAD_OUTCOME = 100


class Exitcode(Directive):
    """Return 0 or 100 by the last or by the worst outcome; several uses: the worst counts."""

    name = "exitcode"
    PARAMETERS = Record((
        Key("result_last", Anything("results"), "Results; the last one decides.", example="${tap}"),
        Key("result_worst", Anything("results"), "Results; the worst one decides.", example="${tap}"),
    ), one_of=(("result_last", "result_worst"),))

    def run(self, context: DirectiveContext) -> int:
        """Return the exit code, and tell it to the runner; in production it is only noted."""
        last = self.parameters["result_last"]
        value = last if last is not None else self.parameters["result_worst"]
        try:
            outcomes = [result.outcome for result in Verdicts(value, context.check, TapLimits())]
        except VerdictError as error:
            raise DirectiveError(f"the results {error}", "bad-results") from None
        if not outcomes:
            raise DirectiveError("there is no result to decide by", "no-results")
        deciding = outcomes[-1] if last is not None else worst_of(outcomes)
        code = 0 if deciding is not None and deciding.is_ok else BAD_OUTCOME
        context.note("exit_code", code)
        return code
