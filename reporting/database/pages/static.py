"""The pages' own files: one style sheet, one script, one icon. Read once, served with their digest as a version."""
from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from reporting.database.exchange import ApiError, Request, Response
from reporting.database.service import Service

_FOLDER = Path(__file__).with_name("static")
#: The literal list of files; nothing else is ever opened.
_TYPES = {
    "pages.css": "text/css; charset=utf-8",
    "pages.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


@cache
def _read(name: str) -> bytes:
    return (_FOLDER / name).read_bytes()


@cache
def version_of(name: str) -> str:
    """Return what changes when the file does."""
    return hashlib.blake2b(_read(name), digest_size=6).hexdigest()


def static_file(service: Service, request: Request, name: str) -> Response:
    """Answer one of our files."""
    if name not in _TYPES:
        raise ApiError(404, "Not found")
    is_named = request.first("v") == version_of(name)
    lasting = "public, max-age=31536000, immutable" if is_named else "public, max-age=300"
    return Response(200, _read(name), _TYPES[name], {"Cache-Control": lasting, "X-Content-Type-Options": "nosniff",
                                                     "Content-Security-Policy": "default-src 'none'"})
