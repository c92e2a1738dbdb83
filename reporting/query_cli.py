"""`checkotron results query`: find results in any ResultsDB."""
from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reporting.places import TroubleError, UsageError, results_url, secrets

if TYPE_CHECKING:
    from rich.table import Table

_AGO = re.compile(r"(\d+)\s*(m|min|h|d|w)[a-z]*(?:\s+ago)?", re.IGNORECASE)
_SECONDS = {"m": 60, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


@click.command(short_help="Find results in a results database.")
@click.option("--item", multiple=True, help="The item; * stands for any text. May be given several times.")
@click.option("--item-type", help="koji_build, bodhi_update, ...")
@click.option("--testcase", multiple=True, help="The testcase; * stands for any text. May be given several times.")
@click.option("--outcome", multiple=True, help="PASSED, FAILED, ... May be given several times.")
@click.option("--arch", help="x86_64, noarch, ...")
@click.option("--build-id", help="Only the results of that run.")
@click.option("--data", "pairs", multiple=True, metavar="KEY=VALUE", help="Any other data of a result.")
@click.option("--since", help="A date (2026-11-21, 2026-11-21T10:00) or an age: 90m, 12h, 7d, 2w.")
@click.option("--latest", is_flag=True, help="Only the newest result of every testcase.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="At most so many.")
@click.option("--url", help="The results database [default: the one that runs here].")
@click.option("--state", type=click.Path(path_type=Path, file_okay=False), help="State folder of `checkotron up`.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, as the database gives it.")
def query(url: str | None, state: Path | None, as_json: bool, limit: int, latest: bool, **asked: Any) -> None:
    """
    Find results in a results database.

    \b
      checkotron results query --item xchat-0.5-1.fc20
      checkotron results query --testcase 'dist.rpmlint*' --outcome FAILED --since 7d
      checkotron results query --item 'gcc-*' --latest --url https://resultsdb.fedoraproject.org
    """
    from reporting.client import ResultsDBClient
    from reporting.reporter import AwayError, RefusedError

    params = _params(asked)
    if latest and not params:
        raise UsageError("--latest of everything is the whole database; name an item or a testcase")
    try:
        client = ResultsDBClient(results_url(url, state), token=secrets(None).token)
    except ValueError as error:
        raise UsageError(str(error)) from None
    try:
        found = client.latest(params)[:limit] if latest else client.results(params, limit)
        if as_json:
            for row in found:
                click.echo(json.dumps(row, ensure_ascii=True))
        else:
            _print(list(found), limit, client.name)
    except RefusedError as error:
        raise UsageError(f"{client.name}: {error}") from None
    except AwayError as error:
        raise TroubleError(f"{client.name}: {error}; try again, or name another: --url URL") from None


def _params(asked: Mapping[str, Any]) -> list[tuple[str, str]]:
    params: list[tuple[str, str]] = []
    for key, name in (("item", "item"), ("testcase", "testcases")):
        exact = [value for value in asked[key] if "*" not in value]
        like = [value for value in asked[key] if "*" in value]
        if exact and like and key == "item":
            exact, like = [], [*exact, *like]  # the API has no OR between `item` and `item:like`
        params += [(name, ",".join(exact))] if exact else []
        params += [(f"{name}:like", ",".join(like))] if like else []
    if asked["outcome"]:
        params.append(("outcome", ",".join(asked["outcome"])))
    params += [(name, asked[key]) for key, name in
               (("item_type", "type"), ("arch", "arch"), ("build_id", "groups")) if asked[key]]
    for pair in asked["pairs"]:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise UsageError(f"--data `{pair}`: expected KEY=VALUE")
        params.append((key, value))
    if asked["since"]:
        params.append(("since", _since(asked["since"], datetime.now(UTC))))
    return params


def _since(text: str, now: datetime) -> str:
    """Return the time in the form of the API. Raises UsageError: neither a date nor an age."""
    if ago := _AGO.fullmatch(text.strip()):
        seconds = min(int(ago.group(1)) * _SECONDS[ago.group(2).lower()], 100 * 366 * 86400)
        return (now - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"--since `{text}` is neither a date such as 2026-11-21T10:00 "
                         "nor an age such as 90m, 12h, 7d, 2w") from None
    if moment.tzinfo:
        moment = moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")


def _print(found: list[Mapping[str, Any]], limit: int, where: str) -> None:
    from reporting.printed import console, one_line

    screen = console()
    if not found:
        screen.print(f"no results in {where}")
        return
    screen.print(_table(found, is_narrow=screen.width < 110))
    more = f"; there may be more: --limit {limit * 5}" if len(found) == limit else ""
    screen.print(f"{len(found)} result{'s' * (len(found) != 1)} of {where}{more}")
    screen.print(f"newest: {one_line(found[0].get('href'))}")


def _table(found: list[Mapping[str, Any]], *, is_narrow: bool) -> Table:
    """Return the results as a table; where there is little room, the note goes below item and testcase."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from reporting.printed import COLOURS, one_line

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("Time (UTC)", no_wrap=True)
    table.add_column("Outcome", no_wrap=True)
    for title in ("Item, testcase, note",) if is_narrow else ("Testcase", "Item", "Note"):
        table.add_column(title, overflow="fold")
    for row in found:
        data = row.get("data") or {}
        arch = one_line(_joined(data.get("arch")))
        outcome = one_line(row.get("outcome"))
        testcase = one_line((row.get("testcase") or {}).get("name")) + (f" ({arch})" if arch else "")
        item, note = one_line(_joined(data.get("item"))), one_line(row.get("note") or "")
        time = one_line(row.get("submit_time")).replace("T", " ")[5 if is_narrow else 0:16]
        texts = (f"{item} {testcase}\n{note}",) if is_narrow else (testcase, item, note)
        table.add_row(time, Text(outcome, style=COLOURS.get(outcome, "")), *texts)
    return table


def _joined(values: object) -> str:
    if isinstance(values, str):
        return values
    return ", ".join(map(str, values)) if isinstance(values, Iterable) else ""
