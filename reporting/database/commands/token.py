"""`checkotron results token`: who may write which testcases."""
from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime

import click

from reporting.database.commands.options import database_option, opened

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def token() -> None:
    """
    Say who may write which testcases.

    A scope is a pattern of testcase names. `checkotron results serve
    --require-token` asks for a token on every write; API v3 always does.

    \b
    Examples:
      checkotron results token create ci --scope 'dist.*' --database sqlite:///results.db
      checkotron results token list --database sqlite:///results.db
      checkotron results token revoke ci --database sqlite:///results.db
    """


@token.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, metavar="PATTERN",
              help="Testcases it may write, `dist.*` or `*`; several times. POST /api/v3/results (any data) "
                   "needs `*` or `ANY-DATA:PATTERN`.")
@database_option
def create(name: str, scopes: tuple[str, ...], database_url: str) -> None:
    """Make a token; it is printed once and cannot be read again. Replaces the one of that name."""
    from reporting.database.access import create_token

    if not _NAME.fullmatch(name):
        raise click.BadParameter(f"`{name}`: expected up to 64 letters, digits and _ . @ -", param_hint="NAME")
    with opened(database_url) as storage:
        secret = create_token(storage, name, scopes)
    click.echo(secret)
    click.echo(f"send it as `Authorization: Bearer ...`; user {name}, scopes {', '.join(scopes)}", err=True)


@token.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a token.")
@database_option
def list_command(as_json: bool, database_url: str) -> None:
    """List tokens: names, scopes and age, never the tokens."""
    from reporting.database.access import list_tokens

    with opened(database_url, must_exist=True) as storage:
        tokens = list_tokens(storage)
    if not tokens:
        click.echo("no tokens; make one with `checkotron results token create`", err=True)
    for each in tokens:
        created = datetime.fromtimestamp(each.created, UTC).date().isoformat()
        if as_json:
            click.echo(json.dumps({"name": each.name, "scopes": each.scopes, "created": created}))
        else:
            click.echo(f"{each.name:20} {created}  {', '.join(each.scopes)}")


@token.command()
@click.argument("name")
@database_option
def revoke(name: str, database_url: str) -> None:
    """Delete a token; requests with it are refused from now on."""
    from reporting.database.access import revoke_token

    with opened(database_url, must_exist=True) as storage:
        if not revoke_token(storage, name):
            click.echo(f"there is no token `{name}`", err=True)
            sys.exit(1)
    click.echo(f"token `{name}` is revoked")
