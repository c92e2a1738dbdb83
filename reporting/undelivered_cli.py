"""`checkotron results undelivered`: what waits on disk, and why."""
from __future__ import annotations

import json
from pathlib import Path

import click

from reporting.places import UsageError, queue_folder


@click.command(short_help="Show what waits to be delivered, and why.")
@click.option("--queue", type=click.Path(path_type=Path, file_okay=False),
              help="The queue of finished runs [default: that of the state folder].")
@click.option("--state", type=click.Path(path_type=Path, file_okay=False), help="State folder of `checkotron up`.")
@click.option("--forget", metavar="BUILD_ID", help="Give up delivering the results of that run.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a run and destination.")
def undelivered(queue: Path | None, state: Path | None, forget: str | None, yes: bool, as_json: bool) -> None:
    """
    Show what waits to be delivered, and why.

    Runs that nobody has taken in yet are named with the destination "-". Exit 0 either way.

    \b
      checkotron results undelivered
      checkotron results undelivered --forget 6f9c1f0e-53c0-4b1e-9d7f-5e0c1b3a7d42
    """
    from reporting.undelivered import Progress, RunFile, UndeliveredError, undelivered_in

    folder = queue_folder(queue, state)
    if forget:
        _forget(folder, forget, yes)
        return
    rows: list[dict[str, object]] = []
    seen = set()
    for path in undelivered_in(folder / "undelivered"):
        try:
            run_file = RunFile.load(path)
        except UndeliveredError as error:
            rows.append({"build_id": path.stem, "destination": "-", "missing": None, "tries": 0, "why": str(error)})
            continue
        seen.add(run_file.run.build_id)
        known: list[tuple[str, Progress | None]] = [*run_file.progress.items()] or [("-", None)]
        for destination, progress in known:
            missing = len(run_file.missing(destination))
            if missing:
                rows.append({"build_id": run_file.run.build_id, "destination": destination, "missing": missing,
                             "tries": progress.tries if progress else 0, "at": progress.at if progress else "",
                             "why": progress.why if progress else "not tried yet"})
    for path in sorted(folder.glob("*.json")):
        if path.stem not in seen:
            rows.append({"build_id": path.stem, "destination": "-", "missing": None, "tries": 0,
                         "why": "not taken in; does `checkotron results deliver` run?"})
    if as_json:
        for row in rows:
            click.echo(json.dumps(row))
    else:
        _print(rows, folder)


def _forget(folder: Path, build_id: str, is_sure: bool) -> None:
    from reporting.undelivered import undelivered_in

    found = [path for path in (*undelivered_in(folder / "undelivered"), *folder.glob("*.json"))
             if path.stem == build_id]
    if not found:
        raise UsageError(f"{folder}: nothing waits of `{build_id}`; see: checkotron results undelivered")
    if not is_sure:
        click.confirm(f"The results of {build_id} will never be delivered. Go on?", abort=True)
    for path in sorted(found, key=lambda path: path.suffix):  # `.json`, the queue's own, first, as the deliverer does
        path.unlink(missing_ok=True)
    click.echo(f"forgotten: {build_id}")


def _print(rows: list[dict[str, object]], folder: Path) -> None:
    from rich import box
    from rich.table import Table

    from reporting.printed import console, one_line

    screen = console()
    if not rows:
        screen.print(f"nothing waits in {folder}")
        return
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for title in ("Build id", "Destination", "Missing", "Tries", "Why"):
        table.add_column(title, overflow="fold", justify="right" if title in ("Missing", "Tries") else "left")
    for row in rows:
        table.add_row(*(one_line("?" if row[key] is None else row[key])
                        for key in ("build_id", "destination", "missing", "tries", "why")))
    screen.print(table)
