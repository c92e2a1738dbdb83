"""`checkotron checks`: list, show, validate and create checks."""
from __future__ import annotations

import json
import os
from pathlib import Path

import click

from checks.description import CheckDescription
from runner.completion import complete_check
from runner.doctor_cli import doctor


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def checks() -> None:
    """List, show, validate and create checks."""


@checks.command("list")
@click.option("-t", "--item-type", help="Only checks that take such items.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_checks(item_type: str | None, as_json: bool) -> int:
    """
    List the checks of the library, and of the folders in $CHECKOTRON_CHECKS.

    \b
    Example:
      checkotron checks list --item-type koji_build
    """
    from checks.catalogue import load_catalogue
    from checks.item import ItemError
    from checks.item import item_type as known_type
    from runner.by_command_line import WrongCallError
    from runner.settings import check_folders

    catalogue = load_catalogue(check_folders(os.environ))
    try:
        found = catalogue.for_item_type(known_type(item_type).name) if item_type else tuple(catalogue.checks.values())
    except ItemError as error:
        raise WrongCallError(str(error)) from None
    if as_json:
        click.echo(json.dumps([_data(check) for check in found], indent=2))
    else:
        width = max((len(check.name) for check in found), default=0)
        for check in found:
            click.echo(f"{check.name:<{width}}  {', '.join(check.item_types) or 'any':<14}  "
                       f"{check.description.partition('. ')[0]}")
    for fault in catalogue.faults:
        click.echo(f"{fault}", err=True)
    return 2 if catalogue.faults else 0


@checks.command()
@click.argument("check", shell_complete=complete_check)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(check: str, as_json: bool) -> None:
    """Show what a check is, what it runs on, and what it needs."""
    description = _found(check)
    if as_json:
        click.echo(json.dumps(_data(description), indent=2))
        return
    for key, value in _data(description).items():
        if value not in (None, [], {}, ""):
            if isinstance(value, dict):
                value = [f"{name}={text}" for name, text in value.items()]
            text = ", ".join(map(str, value)) if isinstance(value, list) else value
            click.echo(f"{key.replace('_', ' '):<14} {text}")
    for index, action in enumerate(description.actions, 1):
        click.echo(f"{'action ' + str(index):<14} {action.name} ({action.directive})")


@checks.command()
@click.argument("paths", nargs=-1, shell_complete=complete_check)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of faults.")
def lint(paths: tuple[str, ...], as_json: bool) -> int:
    """
    Validate checks: every fault at once, with file, line, and what was expected.

    PATHS are folders or YAML files of checks, or names; without any: the library.

    \b
    Example:
      checkotron checks lint ./mycheck
    """
    from runner.lint import faults_in

    faults, advice, count = faults_in(paths)
    if as_json:
        rows = [(fault, "error") for fault in faults] + [(fault, "advice") for fault in advice]
        click.echo(json.dumps([{"file": fault.file, "line": fault.line, "path": list(fault.path),
                                "message": fault.message, "level": level} for fault, level in rows], indent=2))
    else:
        for fault in faults:
            click.echo(str(fault), err=True)
        for fault in advice:
            click.echo(f"{fault} (advice)")
        click.echo(f"{count} check{'' if count == 1 else 's'}, {len(faults)} fault{'' if len(faults) == 1 else 's'}")
    return 2 if faults else 0


@checks.command()
@click.argument("name")
@click.option("--folder", type=click.Path(path_type=Path), default=Path(), help="Where the check's folder is made.")
@click.option("-t", "--item-type", default="koji_build", show_default=True, help="What the check runs on.")
@click.option("--using", type=click.Choice(["python-function", "command", "directives"]), default="python-function",
              show_default=True, help="How it runs.")
def new(name: str, folder: Path, item_type: str, using: str) -> None:
    """
    Make a check that works, with a README and a test.

    \b
    Example:
      checkotron checks new mycheck && checkotron run ./mycheck --item xchat-0.5-1.fc20
    """
    from runner.new_check import make_check

    made = make_check(folder / name, name, item_type, using)
    click.echo(f"made {made}; run it with:\n  {_example_run(made, item_type)}")


@checks.command()
@click.option("--json-schema", "as_schema", is_flag=True, help="Print the JSON Schema for editors instead.")
@click.option("--output", type=click.Path(path_type=Path), help="Write to a file.")
def docs(as_schema: bool, output: Path | None) -> None:
    """
    Print the reference of check files and directives, made from the tables that validate them.

    \b
    Examples:
      checkotron checks docs --output docs/checks.md
      checkotron checks docs --json-schema --output check.schema.json
    """
    from runner.reference import json_schema, reference

    text = json.dumps(json_schema(), indent=2) + "\n" if as_schema else reference()
    if output is None:
        click.echo(text, nl=False)
    else:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")


checks.add_command(doctor)


def _found(name: str) -> CheckDescription:
    from checks.catalogue import UnknownCheckError, find_check
    from checks.description import CheckFileError
    from runner.by_command_line import WrongCallError
    from runner.settings import check_folders

    try:
        return find_check(name, check_folders(os.environ))
    except (UnknownCheckError, CheckFileError) as error:
        raise WrongCallError(str(error)) from None


def _data(check: CheckDescription) -> dict[str, object]:
    environment = check.environment
    return {"name": check.name, "testcase": check.testcase, "description": check.description,
            "maintainer": check.maintainer, "item_types": list(check.item_types), "arches": list(check.arches),
            "rpm": list(environment.rpm), "deb": list(environment.deb), "tools": list(environment.tools),
            "executor": environment.executor, "network": environment.network, "using": check.run.using,
            "parameters": dict(check.parameters), "timeout": check.timeout_seconds,
            "caches": list(check.caches), "secrets": list(check.secrets),
            "disabled": check.disabled, "ref_url": check.ref_url, "path": str(check.path)}


def _example_run(folder: Path, item_type: str) -> str:
    from checks.item import ITEM_TYPES

    return f"checkotron run {folder} --item {ITEM_TYPES[item_type].example} --item-type {item_type}"
