"""`checkotron results serve`: runs the server until it is told to stop."""
from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from reporting.database.access import IdentityProvider
from reporting.database.commands.options import database_option, opened
from reporting.database.storage import Storage

logger = logging.getLogger(__name__)

@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@database_option
@click.option("--port", type=click.IntRange(0, 65535), default=5001, show_default=True, help="0: a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--additional-outcome", "additional_outcomes", multiple=True, metavar="NAME",
              help="Allow this outcome beside PASSED, INFO, FAILED and NEEDS_INSPECTION; may be given several times.")
@click.option("--require-token", is_flag=True, help="Ask for a token on every write, also by v2.0; reading stays open.")
@click.option("--oidc-introspection-url", metavar="URL",
              help="Ask this OpenID Connect provider about tokens instead of our own; the client's secret is read from "
                   "$CHECKOTRON_OIDC_CLIENT_SECRET.")
@click.option("--oidc-client-id", default="", metavar="NAME", help="As whom to ask it.")
@click.option("--oidc-username-field", default="uid", show_default=True, metavar="CLAIM", help="Names the user.")
@click.option("--oidc-groups-field", default="groups", show_default=True, metavar="CLAIM",
              help="Lists the user's groups.")
@click.option("--permissions", "permissions_file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              metavar="FILE", help="Who of its users may write what: YAML list of {users, groups, testcases}.")
@click.option("--bus", "bus_url", metavar="URL", envvar="CHECKOTRON_RESULTS_BUS",
              help="Publish each new result to this RabbitMQ (amqp://...), topic resultsdb.result.new.")
@click.option("--topic-prefix", default="", metavar="PREFIX", help="Before the topic: org.fedoraproject.prod")
@click.option("--timeout", "timeout_seconds", type=click.FloatRange(0.1), default=30.0, show_default=True,
              metavar="SECONDS", help="Longest time for one question to the database.")
@click.option("--connections", type=click.IntRange(1), default=1000, show_default=True, metavar="NUMBER",
              help="Connections at once; one more takes the place of the most silent one, or is told to come again.")
@click.option("--silence", "silence_seconds", type=click.FloatRange(0.1), default=20.0, show_default=True,
              metavar="SECONDS", help="Longest time a client may take to send a request's head or the next part of its "
                                      "body, or to read the next part of an answer.")
@click.option("--keep-alive", "keep_alive_seconds", type=click.FloatRange(0.1), default=75.0, show_default=True,
              metavar="SECONDS", help="How long a connection may wait for its next request.")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="Log lines on standard error for people, or a JSON object a line.")
@click.option("--verbose", "-v", is_flag=True, help="Log each request.")
def serve(database_url: str, port: int, host: str, additional_outcomes: tuple[str, ...], **options: Any) -> None:
    """
    Serve a results database over HTTP.

    Speaks ResultsDB's API v2.0 below /api/v2.0 and has web pages at /. The
    database is created or migrated first. Ctrl-C or SIGTERM stops in order.

    \b
    Examples:
      checkotron results serve --database sqlite:///results.db
      checkotron results serve --port 0 --database postgresql:///results \\
          --additional-outcome QUEUED --additional-outcome RUNNING
    """
    from reporting.database.application import Application
    from reporting.database.log_lines import to_stderr
    from reporting.database.server import run
    from reporting.database.service import Service
    from reporting.database.silence_limit import ConnectionLimits

    outcomes, provider = _outcomes(additional_outcomes), _provider(options)
    to_stderr(options["log_format"], logging.DEBUG if options["verbose"] else logging.INFO)
    with opened(database_url, options["timeout_seconds"]) as storage, _listening(host, port) as listening:
        service = Service(storage, outcomes, requires_token=options["require_token"],
                          announces=options["bus_url"] is not None, provider=provider)
        shown = f"[{host}]" if ":" in host else host
        url = f"http://{shown}:{listening.getsockname()[1]}"
        with _publishing(storage, options["bus_url"], options["topic_prefix"]):
            limits = ConnectionLimits(options["connections"], options["silence_seconds"],
                                      options["keep_alive_seconds"])
            run(Application(service), listening, limits, lambda: click.echo(f"results database: {url}"))


def _provider(options: dict[str, Any]) -> IdentityProvider | None:
    """Return the identity provider that is asked instead of our own tokens."""
    if options["oidc_introspection_url"] is None:
        return None
    from reporting.database.oidc import OidcProvider, OidcSettings
    from reporting.database.permissions_file import PermissionsFileError, read_permissions

    if options["permissions_file"] is None:
        raise click.UsageError("--oidc-introspection-url needs --permissions FILE: nobody could write otherwise")
    try:
        permissions = read_permissions(options["permissions_file"])
    except PermissionsFileError as error:
        raise click.BadParameter(str(error), param_hint="--permissions") from None
    settings = OidcSettings(options["oidc_introspection_url"], options["oidc_client_id"],
                            os.environ.get("CHECKOTRON_OIDC_CLIENT_SECRET", ""), options["oidc_username_field"],
                            options["oidc_groups_field"])
    return OidcProvider(settings, permissions)


def _listening(host: str, port: int) -> socket.socket:
    from reporting.database.server import listening_socket

    try:
        return listening_socket(host, port)
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port}: {error.strerror or error}; "
                                   "choose another with --port (0: a free one)") from None


@contextmanager
def _publishing(storage: Storage, bus_url: str | None, topic_prefix: str) -> Iterator[None]:
    """Publish from the outbox where there is a bus."""
    if bus_url is None:
        yield
        return
    from reporting.database.publisher import Publisher

    publisher = Publisher(storage, bus_url, topic_prefix)
    publisher.start()
    try:
        yield
    finally:
        publisher.stop()


def _outcomes(given: tuple[str, ...]) -> tuple[str, ...]:
    """Return the outcomes in upper case, each once."""
    from reporting.database.service import OUTCOME_LENGTH

    names = tuple(dict.fromkeys(name.strip().upper() for name in given))
    for name in names:
        if not 0 < len(name) <= OUTCOME_LENGTH or "," in name:
            raise click.BadParameter(f"`{name}`: an outcome has 1 to {OUTCOME_LENGTH} characters and no comma",
                                     param_hint="--additional-outcome")
    return names
