"""The pages in a real Chromium: by keyboard, without scripts, dark, on a phone, and by axe-core's rules."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from reporting.database.all_storages import open_storage
from tests.support.browser import PHONE, Visit, chromium, visit
from tests.support.database_server import DatabaseServer, database_server
from tests.support.pictures import take
from tests.support.small_world import ADDITIONAL_OUTCOMES, SHOWCASE, fill

_PAGES = {
    "front": "/", "results": "/results", "search": "/results?item:like=xchat*&since=2026-01-01T00:00:00&arch=x86_64",
    "nothing": "/results?item=nothing", "odd names": "/results?testcases:like=odd*",
    "item": f"/items/koji_build/{SHOWCASE}",
    "compose": "/item?type=compose&item=Fedora-Rawhide-20261121.n.0", "long item": f"/item?item={'x' * 500}",
    "result": "/results/900", "odd result": "/results?testcases=odd.names&limit=1", "testcases": "/testcases",
    "testcase": "/testcases/dist.installability", "groups": "/groups", "group": "/groups?like=<b>", "problem": "/nope",
    "wrong filter": "/results?outcome=GREAT", "negation": "/results?arch:not=x86_64&scenario:has=no&item:not_like=a*",
    "api": "/api/docs",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseServer]:
    """A server with the small world; nothing changes it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('world')}/results.db"
    storage = open_storage(url)
    fill(storage)
    storage.close()
    with database_server(url, [word for name in ADDITIONAL_OUTCOMES for word in ("--additional-outcome",
                                                                                 name)]) as server:
        yield server


@pytest.fixture
def desk(browser: Browser, world: DatabaseServer) -> Iterator[Visit]:
    with visit(browser, world.url) as opened:
        yield opened


def _opened(window: Visit, name: str) -> None:
    window.go(_PAGES[name])
    # the browser itself logs a 404 and a 400 as errors
    window.faults[:] = [fault for fault in window.faults if "Failed to load resource" not in fault]
    if name == "odd result":
        window.page.locator("table .outcome a").first.click()
        window.page.wait_for_url("**/results/*")
    window.page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")


def test_a_slash_goes_to_the_search_and_the_keyboard_leads_to_the_item(desk: Visit) -> None:
    page = desk.go("/")
    page.keyboard.press("/")
    page.keyboard.type("hello-2.12-2")
    expect(page.get_by_role("option")).to_have_text([SHOWCASE])

    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page).to_have_title(f"{SHOWCASE}: 4 block · Checkotron")


def test_escape_closes_the_suggestions_and_keeps_what_was_typed(desk: Visit) -> None:
    page = desk.go("/")
    field = page.get_by_role("combobox", name="Item or testcase")
    field.press_sequentially("bash")
    expect(page.get_by_role("option").first).to_be_visible()

    page.keyboard.press("Escape")

    expect(page.get_by_role("option")).to_have_count(0)
    expect(field).to_have_value("bash")
    expect(field).to_have_attribute("aria-expanded", "false")


def test_a_screen_reader_hears_which_suggestion_is_chosen(desk: Visit) -> None:
    page = desk.go("/")
    field = page.get_by_role("combobox", name="Item or testcase")
    field.press_sequentially("bash")
    expect(page.get_by_role("option").first).to_be_visible()

    page.keyboard.press("ArrowUp")

    last = page.get_by_role("option").last
    expect(last).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", last.get_attribute("id") or "")


def test_any_data_key_and_its_values_are_completed_in_the_form(desk: Visit) -> None:
    page = desk.go("/results")
    page.get_by_text("Dates, architecture, run and any other data").click()
    page.get_by_role("combobox", name="Key 1").press_sequentially("scen")
    page.get_by_role("option", name="scenario").click()
    page.get_by_role("combobox", name="Value 1").press_sequentially("fedora")
    expect(page.locator(".options li").first).to_contain_text("fedora.updates-server.x86_64.")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")

    expect(page).to_have_url(f"{desk.base_url}/results?scenario=fedora.updates-server.x86_64.64bit")


def test_a_search_is_sent_by_keyboard_alone_and_its_address_can_be_shared(desk: Visit) -> None:
    page = desk.go("/results")
    page.keyboard.press("/")
    expect(page.get_by_label("Item begins with")).to_be_focused()
    page.keyboard.type("gcc")
    page.get_by_role("checkbox", name="Failed").press("Space")
    page.keyboard.press("Enter")

    expect(page).to_have_url(f"{desk.base_url}/results?item:like=gcc*&outcome=FAILED")
    expect(page.get_by_role("checkbox", name="Failed")).to_be_checked()
    expect(page.get_by_label("Item begins with")).to_have_value("gcc")


def test_a_slash_in_a_field_is_a_slash(desk: Visit) -> None:
    page = desk.go("/results")
    page.get_by_label("Testcase", exact=True).press_sequentially("odd/x")

    expect(page.get_by_label("Testcase", exact=True)).to_have_value("odd/x")


def test_the_first_tab_skips_to_the_content(desk: Visit) -> None:
    page = desk.go("/results")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")

    expect(page.get_by_role("main")).to_be_focused()


def test_a_command_is_copied(browser: Browser, world: DatabaseServer) -> None:
    with visit(browser, world.url, permissions=["clipboard-read", "clipboard-write"]) as window:
        page = window.go(f"/items/koji_build/{SHOWCASE}")
        page.get_by_role("button", name="Copy checkotron run upgradepath").click()
        expect(page.get_by_text("Copied")).to_be_visible()

        assert page.evaluate("navigator.clipboard.readText()") == (
            f"checkotron run upgradepath --item {SHOWCASE} --item-type koji_build")


def test_everything_works_without_scripts(browser: Browser, world: DatabaseServer) -> None:
    with visit(browser, world.url, java_script_enabled=False) as window:
        page = window.go("/")
        page.get_by_label("Item or testcase").fill(SHOWCASE)
        page.get_by_role("button", name="Find").click()
        expect(page).to_have_title(f"{SHOWCASE}: 4 block · Checkotron")
        page.locator(".blocks").get_by_role("link", name="dist.upgradepath", exact=True).click()
        expect(page.get_by_role("heading", name="The last 60 days")).to_be_visible()
        page.get_by_role("link", name="Results", exact=True).click()
        page.get_by_label("Item begins with").fill("gcc")
        page.get_by_text("Dates, architecture, run and any other data").click()
        page.get_by_label("Architecture").fill("aarch64")
        page.get_by_role("button", name="Search").click()

        expect(page).to_have_url(f"{world.url}/results?item:like=gcc*&arch=aarch64")


@pytest.mark.parametrize("name", _PAGES)
def test_axe_finds_nothing_in_the_light_or_in_the_dark(browser: Browser, world: DatabaseServer, name: str) -> None:
    with visit(browser, world.url, color_scheme="light") as window:
        _opened(window, name)

        assert window.violations() == []

        window.page.emulate_media(color_scheme="dark")
        assert window.violations(("color-contrast",)) == []


@pytest.mark.parametrize("name", _PAGES)
def test_a_phone_never_scrolls_sideways(browser: Browser, world: DatabaseServer, name: str) -> None:
    with visit(browser, world.url, viewport=PHONE, has_touch=True, is_mobile=True) as window:
        _opened(window, name)

        assert not window.is_scrolled_sideways()
        assert window.page.evaluate("window.innerWidth") == PHONE["width"]


def test_dark_is_dark_and_light_is_light(browser: Browser, world: DatabaseServer) -> None:
    seen = {}
    for scheme in ("light", "dark"):
        with visit(browser, world.url, color_scheme=scheme) as window:
            seen[scheme] = window.go("/").evaluate("getComputedStyle(document.body).backgroundColor")

    assert seen == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}


def test_pictures_of_the_five_pages_can_be_taken_for_the_docs(browser: Browser, world: DatabaseServer,
                                                              tmp_path: Path) -> None:
    files = take(browser, world.url, tmp_path)

    assert [file.name for file in files] == ["front.webp", "item.webp", "result.webp", "testcase.webp", "search.webp"]
    assert all(file.read_bytes()[8:12] == b"WEBP" and file.stat().st_size < 150_000 for file in files)


def test_a_phone_sees_axe_clean_too(browser: Browser, world: DatabaseServer) -> None:
    with visit(browser, world.url, viewport=PHONE, is_mobile=True) as window:
        window.go(f"/items/koji_build/{SHOWCASE}")

        assert window.violations() == []
