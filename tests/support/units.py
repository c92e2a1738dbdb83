"""The units of `docs/systemd`, as far as tests need them; and command lines, parsed but not run."""
from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

import click
from twisted.scripts.twistd import ServerOptions

import checkotron

DOCS = Path(__file__).resolve().parents[2] / "docs"
UNITS = DOCS / "systemd"


@dataclass(frozen=True)
class Unit:
    """The [Service] section of one unit; `%i` and `%d` are put in by `argv`."""

    name: str
    lines: tuple[tuple[str, str], ...]

    def all(self, key: str) -> list[str]:
        return [value for found, value in self.lines if found == key]

    def one(self, key: str) -> str:
        (value,) = self.all(key)
        return value

    @property
    def environment(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.all("Environment"))


def unit(name: str) -> Unit:
    """Return a unit of docs/systemd; `name` without `checkotron-` and `.service`."""
    lines = []
    for line in (UNITS / f"checkotron-{name}.service").read_text().splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith(("#", ";")):
            lines.append((key, value))
    return Unit(name, tuple(lines))


def parse(argv: list[str], environment: dict[str, str] | None = None) -> click.Context | None:
    """
    Parse a command line of `checkotron` or `twistd` to its end, and run nothing.

    Raises click.ClickException, twisted.python.usage.UsageError: it would be refused.
    """
    program = Path(argv[0]).name
    if program == "twistd":
        ServerOptions().parseOptions(argv[1:])
        return None
    assert program == "checkotron", argv
    command: click.Command = checkotron.cli
    rest = list(argv[1:])
    context = None
    while isinstance(command, click.Group):
        context = click.Context(command, info_name=command.name, parent=context)
        name, found, rest = command.resolve_command(context, rest)
        assert found is not None, name
        command = found
    assert command.name
    variables = environment or {}
    given = {one.name: variables[name] for one in command.params for name in _variables(one)
             if name in variables and one.name}
    return command.make_context(command.name, rest, parent=context, default_map=given)


def words(line: str) -> list[str]:
    """Return the argv of a line of a unit, a page or a script."""
    return shlex.split(line.lstrip("-+!:@"))


def _variables(parameter: click.Parameter) -> list[str]:
    found = parameter.envvar
    return [found] if isinstance(found, str) else list(found or ())
