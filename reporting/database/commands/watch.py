"""`checkotron results watch`: prints results as they are stored."""
from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlencode

import click

_WAIT_SECONDS = 50
#: Between two tries to reach a server that is away.
_RETRY_SECONDS = 2.0


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("filters", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--url", required=True, envvar="CHECKOTRON_RESULTS_URL", metavar="URL",
              help="Where the server answers, http://127.0.0.1:5001; also $CHECKOTRON_RESULTS_URL.")
@click.option("--after", type=click.IntRange(0), metavar="ID", help="Begin after this result; else with the next one.")
@click.option("--count", type=click.IntRange(1), metavar="N", help="End after so many results.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a result.")
def watch(filters: tuple[str, ...], url: str, after: int | None, count: int | None, as_json: bool) -> None:
    """
    Print results as they are stored.

    Filters are those of /api/v2.0/results. A server that goes away is waited
    for; no result is missed. Works with the server of `checkotron results serve`.

    \b
    Examples:
      checkotron results watch --url http://127.0.0.1:5001 outcome=FAILED
      checkotron results watch --url http://127.0.0.1:5001 --after 0 --json item:like='xchat-*'
    """
    import requests

    if wrong := [each for each in filters if "=" not in each]:
        raise click.BadParameter(f"`{wrong[0]}` has no `=`; expected something like item=xchat-0.5-1.fc20")
    query: list[tuple[str, object]] = [(name, value) for name, _, value in (each.partition("=") for each in filters)]
    base = url.rstrip("/").removesuffix("/api/v2.0")
    session = requests.Session()
    shown = 0
    last = _next_page(session, f"{base}/api/extra/following?after=now")["last"] if after is None else after
    while count is None or shown < count:
        page = _next_page(session, f"{base}/api/extra/following?" + urlencode(
            [*query, ("after", last), ("wait", _WAIT_SECONDS)]))
        for row in page["data"][:None if count is None else count - shown]:
            click.echo(json.dumps(row) if as_json else _line(row))
            shown += 1
        last = page["last"]


def _next_page(session: Any, url: str) -> dict[str, Any]:
    """Return an answer; wait for a server that is away. Raises ClickException: it refuses."""
    import requests

    while True:
        try:
            answer = session.get(url, timeout=_WAIT_SECONDS + 30)
        except requests.RequestException as error:
            click.echo(f"waiting for the server ({type(error).__name__})", err=True)
            time.sleep(_RETRY_SECONDS)
            continue
        if answer.status_code >= 500:
            click.echo(f"waiting for the server (status {answer.status_code})", err=True)
            time.sleep(_RETRY_SECONDS)
            continue
        try:
            page = answer.json()
        except ValueError:
            page = {}
        if answer.status_code != 200 or "data" not in page:
            raise click.ClickException(f"{url}: status {answer.status_code}: "
                                       f"{page.get('message', 'this server cannot be watched')}")
        return dict(page)


def _line(row: dict[str, Any]) -> str:
    items = ", ".join(row["data"].get("item", []))
    return f"{row['submit_time'][:19]}  {row['outcome']:16}  {row['testcase']['name']}  {items}"
