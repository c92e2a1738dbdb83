"""
Debian's Chromium for tests, driven by Playwright; axe-core from the wheel that carries it.

A page fails its test when it calls another host, logs an error (a breach of the
content policy is one) or opens a dialog (no page of ours does; injected script would).
"""
from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
#: Milliseconds. Generous: the machine may be busy.
_TIMEOUT = 60_000
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1200, "height": 900}


@dataclass
class Visit:
    """One open window and what it did that it must not."""

    page: Page
    base_url: str
    faults: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        """Open a page of the site."""
        self.page.goto(self.base_url + path)
        return self.page

    def violations(self, rules: Sequence[str] = ()) -> list[str]:
        """Return what axe-core finds on the open page: by these rules, else by all of its own (WCAG A, AA and more)."""
        script = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
        # not a script element: the page's own content policy would refuse it
        self.page.evaluate(script)
        found: list[dict[str, Any]] = self.page.evaluate(
            "rules => axe.run(document, rules.length ? {runOnly: rules} : {}).then(result => result.violations)",
            list(rules))
        return [f"{each['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
                for each in found for node in each["nodes"]]

    def is_scrolled_sideways(self) -> bool:
        """True where the page as a whole is wider than the window."""
        wider: bool = self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        return wider


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser, stop it. Fails with words where it is missing."""
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        raise RuntimeError("Chromium is missing; install it (Debian: apt-get install chromium)")
    # its own default of 5 seconds is short of what a page takes on a machine at load 10
    expect.set_options(timeout=_TIMEOUT)
    with sync_playwright() as playwright:
        # root has no sandbox of Chromium's; it only sees pages of a server of our own
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@contextmanager
def visit(browser: Browser, base_url: str, **options: Any) -> Iterator[Visit]:
    """Open a window; `options` as Playwright's new_context (viewport, color_scheme, java_script_enabled)."""
    context: BrowserContext = browser.new_context(viewport=options.pop("viewport", DESK), **options)
    context.set_default_timeout(_TIMEOUT)
    visited = Visit(context.new_page(), base_url)
    visited.page.on("console", lambda message: visited.faults.append(f"console: {message.text}")
                    if message.type in ("error", "warning") else None)
    visited.page.on("pageerror", lambda error: visited.faults.append(f"script: {error}"))
    visited.page.on("dialog", lambda dialog: (visited.faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    visited.page.on("request", lambda request: visited.faults.append(f"foreign: {request.url}")
                    if not request.url.startswith((base_url, "data:")) else None)
    yield visited
    context.close()
    assert visited.faults == []
