"""
Pictures of the five pages (front, item, result, testcase, search) in a real Chromium, as small WebP files.

    python -m tests.support.pictures FOLDER                       # of the small world
    python -m tests.support.pictures FOLDER --rows 100000         # of the load generator's rows
    python -m tests.support.pictures FOLDER --database URL        # of any database, the demo's for example

`--look phone-dark` and the like choose other windows; each may be given several times.
"""
from __future__ import annotations

import base64
import tempfile
from pathlib import Path

import click
from playwright.sync_api import Browser, Page

from reporting.database.all_storages import open_storage
from reporting.database.sql.dialect import Sql
from reporting.database.timestamps import now_microseconds
from tests.support.browser import chromium, visit
from tests.support.database_server import database_server
from tests.support.small_world import ADDITIONAL_OUTCOMES, SHOWCASE, fill

_WINDOWS = {"desk": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
_QUALITY = 70
_LOOKS = [f"{window}-{scheme}" for window in _WINDOWS for scheme in ("light", "dark")]


def pages_of(page: Page, base_url: str) -> dict[str, str]:
    """Return name to address of the five pages; the item is the first that needs attention, else the newest."""
    page.goto(base_url)
    item = _first(page, f'.troubles a.name[href*="{SHOWCASE}"]', ".troubles a.name", "td.name a[href*='/item']")
    page.goto(item)
    result = _first(page, ".blocks a.plain", "td.cell a.plain")
    page.goto(result)
    return {"front": base_url, "item": item, "result": result, "testcase": _first(page, "h1 a"),
            "search": f"{base_url}/results?outcome=FAILED"}


def _first(page: Page, *selectors: str) -> str:
    """Return where the first link leads that one of the selectors finds, in their order."""
    for selector in selectors:
        found = page.locator(selector)
        if found.count():
            return str(found.first.evaluate("link => link.href"))
    raise click.ClickException(f"{page.url} has nothing to follow; is the database empty?")


def _until_now(url: str) -> None:
    """Move the load generator's rows, which are years old, so that the newest is of this hour."""
    storage = open_storage(url)
    newest = storage.rows(Sql("SELECT max(submit_time) FROM result"))[0][0]
    storage.change([Sql(f"UPDATE {table} SET submit_time = submit_time + ?", (now_microseconds() - newest,))
                    for table in ("result", "posting", "group_member")])
    storage.close()


def take(browser: Browser, base_url: str, folder: Path, look: str = "desk-light", prefix: str = "") -> list[Path]:
    """Write a picture of each page; return the files."""
    files = []
    window, scheme = look.split("-")
    with visit(browser, base_url, viewport=_WINDOWS[window], color_scheme=scheme) as opened:
        for name, address in pages_of(opened.page, base_url).items():
            opened.page.goto(address)
            shot = opened.page.context.new_cdp_session(opened.page).send(
                "Page.captureScreenshot", {"format": "webp", "quality": _QUALITY})
            files.append(folder / f"{prefix}{name}{'' if look == 'desk-light' else '-' + look}.webp")
            files[-1].write_bytes(base64.b64decode(shot["data"]))
    return files


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--database", "database_url", metavar="URL", help="Of this database, which stays as it is.")
@click.option("--rows", type=click.IntRange(1000), metavar="N", help="Of so many rows of the load generator.")
@click.option("--look", "looks", type=click.Choice(_LOOKS), multiple=True, default=["desk-light"])
@click.option("--prefix", default="", help="Before the names of the files.")
def main(folder: Path, database_url: str | None, rows: int | None, looks: tuple[str, ...], prefix: str) -> None:
    """Take pictures of the five pages into FOLDER."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        url = database_url or f"sqlite:///{scratch}/results.db"
        if database_url is None and rows is not None:
            from benchmarks.results_database.load import load

            load(url, rows, lambda said: click.echo(said, err=True))
            _until_now(url)
        elif database_url is None:
            storage = open_storage(url)
            fill(storage)
            storage.close()
        options = [word for name in ADDITIONAL_OUTCOMES for word in ("--additional-outcome", name)]
        with database_server(url, options) as server, chromium() as browser:
            for look in looks:
                for file in take(browser, server.url, folder, look, prefix):
                    click.echo(f"{file} {file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
