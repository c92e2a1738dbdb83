"""
Serves what runs left, read only. The files are strangers': no script of theirs may act in a reader's browser.

An origin of its own (a port of its own), no sniffing, everything sandboxed,
texts and logs as plain text, everything unknown as a download.
"""
from __future__ import annotations

import html
import os
from pathlib import Path
from typing import Any

from buildbot.util.service import BuildbotService
from twisted.internet import defer
from twisted.web import resource, server, static

from buildbot_master.parts.listening import Listening, SmallRequest
from buildbot_master.parts.settings import Settings
from checks.build_id import BuildIdError, parse_build_id

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-site",
    "X-Frame-Options": "DENY",
}
#: Endings that are shown as text; `.html` is shown sandboxed, images as images, the rest is downloaded.
_TEXTS = frozenset({".log", ".txt", ".tap", ".json", ".yml", ".yaml", ".xml", ".diff", ".spec", ".md", ".out", ".err",
                    ".csv", ".ini", ".cfg", ".toml", ".py", ".sh", ""})
_TYPES = {".html": "text/html; charset=utf-8", ".png": "image/png", ".jpg": "image/jpeg", ".svg": "image/svg+xml"}
#: Files of every run, in the order in which a person wants them.
_FIRST = ("results.tap", "execution.json", "stages.log", "cmd-output.log", "run.log", "input.json")
#: Rows of a listing.
_ROWS_LIMIT = 2000


class ArtifactsServer(BuildbotService):  # type: ignore[misc]
    """The service."""

    name = "artifacts"

    def checkConfig(self, settings: Settings) -> None:
        """Nothing to check: the settings were checked when they were read."""

    @defer.inlineCallbacks
    def reconfigService(self, settings: Settings) -> Any:
        folder = settings.path(settings.artifacts_folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.listening = getattr(self, "listening", None) or Listening()
        site = server.Site(_Runs(folder), requestFactory=_ReadRequest)
        yield self.listening.listen(settings.interface, settings.artifacts_port, site)

    @defer.inlineCallbacks
    def stopService(self) -> Any:
        yield self.listening.close()
        yield super().stopService()


class _ReadRequest(SmallRequest):
    body_limit_bytes = 0


class _Runs(resource.Resource):
    """`/<build id>/...`; there is no list of all runs, the results database has it."""

    isLeaf = True

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def render_GET(self, request: Any) -> Any:
        """Send the file or the listing. HEAD takes the same way."""
        for name, value in _HEADERS.items():
            request.setHeader(name, value)
        path = self._path(request)
        if path is None:
            return _page(request, 404, "Not found", "<p>There is no such file. Old runs are cleaned away.</p>")
        if path.is_dir():
            if not request.path.endswith(b"/"):
                request.redirect(request.path + b"/")
                return b""
            return _page(request, 200, path.relative_to(self.folder).as_posix(), _listing(path))
        return _send_file(request, path)

    def _path(self, request: Any) -> Path | None:
        """Return the file or folder that the address names, None where it names none of a run's own."""
        parts = [os.fsdecode(part) for part in request.postpath if part]
        if not parts or any(part in (".", "..") or "/" in part or "\0" in part for part in parts):
            return None
        try:
            if parse_build_id(parts[0]) != parts[0] or parts[0].startswith("-"):
                return None
        except BuildIdError:
            return None
        path = self.folder.joinpath(*parts)
        try:
            # unpacked trees have no links; were there one, it would not lead out
            if not path.exists() or not path.resolve().is_relative_to((self.folder / parts[0]).resolve()):
                return None
            return path if path.is_dir() or path.is_file() else None
        except OSError:  # a name that is too long
            return None


def _send_file(request: Any, path: Path) -> Any:
    ending = path.suffix.lower()
    kind = "text/plain; charset=utf-8" if ending in _TEXTS else _TYPES.get(ending, "application/octet-stream")
    if kind == "application/octet-stream":
        request.setHeader("Content-Disposition", "attachment")
    file = static.File(str(path), defaultType=kind)
    file.type, file.encoding = kind, None
    return file.render_GET(request)


def _listing(folder: Path) -> str:
    # unpacked trees have nothing but these
    there = [one for one in folder.iterdir() if not one.is_symlink() and (one.is_dir() or one.is_file())]
    rows = sorted(there, key=lambda one: (one.name not in _FIRST, _rank(one.name), one.name))
    lines = [f'<tr><td><a href="{_quoted(one.name)}{"/" if one.is_dir() else ""}">{html.escape(one.name)}</a></td>'
             f"<td>{'' if one.is_dir() else _size(one.stat().st_size)}</td></tr>" for one in rows[:_ROWS_LIMIT]]
    more = f"<p>and {len(rows) - _ROWS_LIMIT} more</p>" if len(rows) > _ROWS_LIMIT else ""
    return f"<table>{''.join(lines)}</table>{more}"


def _rank(name: str) -> int:
    return _FIRST.index(name) if name in _FIRST else len(_FIRST)


def _quoted(name: str) -> str:
    from urllib.parse import quote
    # "./" keeps a name such as `javascript:x` from being an address of its own
    return "./" + quote(os.fsencode(name), safe="")


def _size(size_bytes: int) -> str:
    if size_bytes < 1000:
        return f"{size_bytes} B"
    return f"{size_bytes / 1000:.0f} kB" if size_bytes < 1_000_000 else f"{size_bytes / 1_000_000:.1f} MB"


def _page(request: Any, status: int, title: str, body: str) -> bytes:
    request.setResponseCode(status)
    request.setHeader("Content-Type", "text/html; charset=utf-8")
    return f"""<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{html.escape(title)}</title>
<style>:root{{color-scheme:light dark}} body{{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;
padding:0 1rem}} h1{{font-size:1.1rem;overflow-wrap:anywhere}} td{{padding:.15rem 1.5rem .15rem 0}}
td+td{{text-align:right;opacity:.7}}</style><h1>{html.escape(title)}</h1>{body}</html>""".encode("utf-8", "replace")
