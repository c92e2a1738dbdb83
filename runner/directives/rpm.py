"""rpm: installs packages into the surroundings of the check."""
from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from checks.kind import ListOf, Text, Whole
from checks.record import Key, Record
from runner.captured import Captured
from runner.command import EXITED, INTO_STDOUT, Command
from runner.directive import Directive, DirectiveContext, DirectiveError, SurroundingsError
from runner.process import CommandNotFoundError

#: Takes what it installs as arguments, so that no name is ever read as shell code.
_SCRIPT = ("for program in dnf5 dnf microdnf yum; do "
           'if command -v "$program" >/dev/null 2>&1; then exec "$program" install -y -- "$@"; fi; done; exit 127')
_NOT_THERE = 127
_UNKNOWN = re.compile(r"(?:Unable to find a match|No match for argument|No package .* available|no package matched)"
                      r".*", re.IGNORECASE)


class Rpm(Directive):
    """Install packages with dnf, as root of the surroundings; only where the executor can be root."""

    name = "rpm"
    PARAMETERS = Record((
        Key("install", ListOf(Text("a package's name, or a path to a package in the workspace", r"(?!-)\S{1,512}"),
                              single=True),
            "What to install: names, and paths of packages that were downloaded.", required=True,
            aliases=("packages",), example=["rpmlint", "${workdir}/rpms/xchat-0.5-1.fc20.x86_64.rpm"]),
        Key("tries", Whole(1, 10), "How often: mirrors come and go.", default=3, example=5),
    ))

    @classmethod
    def from_short_form(cls, parameters: Any) -> Any:
        """A list or a text alone is what to install."""
        return {"install": parameters} if isinstance(parameters, (list, tuple, str)) else parameters

    def can_run_on(self, capabilities: Mapping[str, Any]) -> tuple[str, ...]:
        """Say where no executor of the worker can be root."""
        reasons = super().can_run_on(capabilities)
        if any(value is True for key, value in capabilities.items() if re.fullmatch(r"executor:\w+:root", key)):
            return reasons
        return (*reasons, f"no executor of the worker can be root, which directive `{self.name}` needs")

    def run(self, context: DirectiveContext) -> list[str]:
        """Return what was installed, as it was asked for. Raises SurroundingsError: the mirrors failed every time."""
        names = [str(context.inside(name, context.checkdir)) if "/" in name else name
                 for name in self.parameters["install"]]
        if not names:
            return []
        for attempt in range(1, self.parameters["tries"] + 1):
            said = self._install(names, context)
            if said is None:
                return names
            if unknown := _UNKNOWN.search(said):
                raise DirectiveError(f"{unknown.group()[:300]}; see the command log", "no-such-package")
            if attempt == self.parameters["tries"]:
                lines = [line.strip() for line in said.splitlines() if line.strip()] or ["it printed nothing"]
                raise SurroundingsError(f"dnf failed {attempt} times: {lines[-1][:300]}", "install-failed")
        return names

    def _install(self, names: list[str], context: DirectiveContext) -> str | None:
        """Return what the program printed where it failed."""
        output = context.private / f"rpm-{os.urandom(4).hex()}"
        command = Command(("/bin/sh", "-c", _SCRIPT, "rpm", *names), context.workdir, capture_stdout=output,
                          stderr=INTO_STDOUT, as_root=True, timeout_seconds=context.timeout_seconds)
        try:
            result = context.run_command(command)
        except CommandNotFoundError as error:
            raise DirectiveError(str(error), "command-not-found") from None
        if result.succeeded:
            return None
        if result.cause != EXITED:
            raise DirectiveError(f"installing {result.in_words(command.timeout_seconds)}", result.cause)
        if result.returncode == _NOT_THERE:
            raise DirectiveError("the surroundings have no dnf, microdnf or yum; choose an image of an RPM "
                                 "distribution in `environment`", "command-not-found")
        return Captured(output).text()
