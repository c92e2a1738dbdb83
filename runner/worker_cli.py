"""`checkotron worker`: what this machine offers as a worker."""
from __future__ import annotations

import json
from pathlib import Path

import click

from runner.completion import complete_check


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def worker() -> None:
    """Say what this machine offers as a worker."""


@worker.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: what the master reads.")
@click.option("--output", type=click.Path(path_type=Path), help="Write the JSON to a file instead.")
@click.option("--tag", "tags", multiple=True, help="A word for the rules of the master; may be given again.")
def analyse(as_json: bool, output: Path | None, tags: tuple[str, ...]) -> None:
    """
    Print what this machine offers: system, executors, directives, tools.

    \b
    Examples:
      checkotron worker analyse
      checkotron worker analyse --output worker/info/capabilities.json
    """
    import os

    from checks.catalogue import load_catalogue
    from runner.capabilities import analyse as capabilities_of
    from runner.settings import check_folders

    catalogue = load_catalogue(check_folders(os.environ))
    wanted = {tool for check in catalogue.checks.values() for tool in check.environment.tools}
    found = capabilities_of(sorted(wanted)) | ({"tags": list(tags)} if tags else {})
    text = json.dumps(found, indent=2)
    if output is not None:
        part = output.with_name(output.name + ".part")
        part.write_text(text + "\n", encoding="utf-8")
        part.replace(output)
    elif as_json:
        click.echo(text)
    else:
        for key, value in found.items():
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            click.echo(f"{key:<36} {'-' if shown in (None, '') else shown}")


@worker.command()
@click.argument("check", shell_complete=complete_check)
@click.option("--arch", default="noarch", show_default=True, help="The architecture of the job.")
@click.option("--capabilities", type=click.Path(path_type=Path, exists=True), help="Those of another worker, as JSON.")
def explain(check: str, arch: str, capabilities: Path | None) -> int:
    """Say whether this machine (or another) can run CHECK, and why not. Exit code 0: it can, 1: it cannot."""
    import os

    from checks.capability import can_run_on
    from checks.catalogue import UnknownCheckError, find_check
    from checks.description import CheckFileError
    from runner.by_command_line import WrongCallError
    from runner.capabilities import analyse as capabilities_of
    from runner.settings import check_folders

    try:
        description = find_check(check, check_folders(os.environ))
        offered = json.loads(capabilities.read_text(encoding="utf-8")) if capabilities else \
            capabilities_of(description.environment.tools)
    except (UnknownCheckError, CheckFileError, ValueError) as error:
        raise WrongCallError(str(error)) from None
    reasons = can_run_on(description, arch, offered)
    for reason in reasons:
        click.echo(f"no: {reason}")
    if not reasons:
        click.echo(f"yes: `{description.name}` can run here for {arch}")
    return 1 if reasons else 0


@worker.command(hidden=True)
@click.argument("socket", type=click.Path(path_type=Path))
def warm(socket: Path) -> None:
    """Run checks for the clients at SOCKET, each in a fork of this process. Workers start it themselves."""
    from runner.warm import serve

    serve(socket)
