"""The actions of a check in order: variables filled in, values kept by `export`, failures told once."""
from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from checks.description import Action
from checks.item import shown
from runner.abort import AbortedError, AbortToken
from runner.directive import DirectiveContext, DirectiveError, ParametersError
from runner.executor import ExecutorError
from runner.validation import make_directive
from runner.variables import VariableError, fill_in

logger = logging.getLogger(__name__)


class ActionError(Exception):
    """Raised when an action failed; `code` and `exit_code` say what kind of failure it was."""

    def __init__(self, message: str, code: str, exit_code: int) -> None:
        super().__init__(message)
        self.code, self.exit_code = code, exit_code


@dataclass(frozen=True, slots=True)
class ActionDone:
    """One action that came to its end."""

    name: str
    directive: str
    seconds: float
    #: None where it worked.
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the entry of the execution report."""
        data = {"name": self.name, "directive": self.directive, "seconds": round(self.seconds, 3)}
        return data | ({"error": self.error} if self.error else {})


@dataclass(slots=True)
class Interpreter:
    """Runs actions; what they left is read afterwards."""

    variables: dict[str, Any]
    #: Makes the context of an action: given the action and the variables.
    context_for: Callable[[Action, Mapping[str, Any]], DirectiveContext]
    abort: AbortToken
    #: Told before each action: its position from 1, how many there are, and the action.
    on_start: Callable[[int, int, Action], None] = field(default=lambda index, total, action: None)
    done: list[ActionDone] = field(default_factory=list)
    #: What the last actions returned, newest last: results are looked for here where no action sends them.
    values: list[Any] = field(default_factory=list)

    def run(self, actions: tuple[Action, ...]) -> None:
        """
        Run every action; after a failure only those with `always`.

        Raises ActionError: the first failure, after the others have run.
        """
        failure: ActionError | None = None
        for index, action in enumerate(actions, 1):
            if failure is not None and not action.always:
                continue
            self.on_start(index, len(actions), action)
            error = self._run_one(action)
            if error is not None and failure is None and not (action.ignore_failure and not self.abort.is_aborted):
                failure = error
        if failure is not None:
            raise failure

    def _run_one(self, action: Action) -> ActionError | None:
        started = time.monotonic()
        error: ActionError | None = None
        try:
            if self.abort.is_aborted and not action.always:
                raise DirectiveError(self.abort.reason or "aborted", "aborted")
            with self.abort.interrupting():
                value = self._value_of(action)
            self.values.append(value)
            if action.export:
                self.variables[action.export] = value
        except (VariableError, ParametersError) as fault:
            error = ActionError(f"{self._label(action)}{fault}", "wrong-check", 2)
        except AbortedError as fault:
            error = ActionError(f"{self._label(action)}{fault}", "aborted", self.abort.exit_code)
        except DirectiveError as fault:
            error = ActionError(f"{self._label(action)}{fault}", fault.code, fault.exit_code)
        except ExecutorError as fault:
            error = ActionError(f"{self._label(action)}{fault}", "executor-failed", 3)
        seconds = time.monotonic() - started
        self.done.append(ActionDone(action.name, action.directive, seconds, str(error) if error else None))
        logger.info("action ended", extra={"action": action.name, "directive": action.directive,
                                           "seconds": round(seconds, 3), "error": str(error) if error else None})
        return error

    def _value_of(self, action: Action) -> Any:
        from runner.all_directives import directive_named

        def fill(value: Any) -> Any:
            return fill_in(value, self.variables)

        parameters = directive_named(action.directive).fill_in(action.parameters, fill)
        directive = make_directive(action, parameters)
        logger.debug("action starts", extra={"action": action.name, "parameters": shown(parameters, 500)})
        return directive.run(self.context_for(action, self.variables))

    @staticmethod
    def _label(action: Action) -> str:
        if action.path == ("run",):
            # the only one, and what follows says what it is
            return ""
        same = action.name == action.directive
        return f"action `{action.name}`: " if same else f"action `{action.name}` ({action.directive}): "
