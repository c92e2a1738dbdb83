"""`checkotron checks doctor`: what is missing on this machine, check by check, and how to install it."""
from __future__ import annotations

import json
import os
from dataclasses import asdict

import click

from runner.completion import complete_check

#: Something is missing: the surroundings, in the exit codes of a run.
SOMETHING_IS_MISSING = 3


@click.command()
@click.argument("names", nargs=-1, shell_complete=complete_check)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list: check, reasons, install.")
def doctor(names: tuple[str, ...], as_json: bool) -> int:
    """
    Say what each check lacks on this machine, and the command that installs it.

    NAMES are checks; without any: all of the library and of $CHECKOTRON_CHECKS. Exit code 0: nothing is missing, 3:
    something is.

    \b
    Example:
      checkotron checks doctor rpmlint abi
    """
    from checks.catalogue import UnknownCheckError, load_catalogue
    from runner.by_command_line import WrongCallError
    from runner.capabilities import analyse
    from runner.doctor import combined, diagnose, package_system
    from runner.settings import check_folders

    catalogue = load_catalogue(check_folders(os.environ))
    try:
        found = [catalogue.get(name) for name in names] or list(catalogue.checks.values())
    except UnknownCheckError as error:
        raise WrongCallError(str(error)) from None
    capabilities = analyse(sorted({tool for check in found for tool in check.environment.tools}))
    system = package_system()
    diagnoses = [diagnose(check, capabilities, system) for check in found]
    if as_json:
        click.echo(json.dumps([asdict(diagnosis) for diagnosis in diagnoses], indent=2))
    else:
        width = max((len(diagnosis.check) for diagnosis in diagnoses), default=0)
        for diagnosis in diagnoses:
            click.echo(f"{diagnosis.check:<{width}}  {'missing' if diagnosis.reasons else 'ready'}")
            for reason in diagnosis.reasons:
                click.echo(f"{'':<{width}}    {reason}")
        commands = combined(diagnoses)
        if commands:
            click.echo("\ninstall what is missing:")
            for command in commands:
                click.echo(f"  {command}")
    return SOMETHING_IS_MISSING if any(diagnosis.reasons for diagnosis in diagnoses) else 0
