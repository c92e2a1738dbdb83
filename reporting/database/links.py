"""URLs in answers: hrefs of rows, and the links of a page to its neighbours."""
from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, quote_plus

from reporting.database.exchange import Request

API = "/api/v2.0"
#: Percent-encoded bytes that stay so when a URL is turned into an IRI (url.spec.whatwg.org, percent-encoded bytes).
_CONTROLS = frozenset({*range(0x21), 0x25, 0x7F})
_KEPT_IN_PATH = _CONTROLS | set(b"/?#")
_KEPT_IN_QUERY = _CONTROLS | set(b"&=+#")
_SAFE_IN_VALUE = "!$'()*,/:;?@"
_ENCODED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_PAGE = re.compile(r"(?<![^&])page=[^&]*")
_CALLBACK = re.compile(r"(?<![^&])callback=[^&]*&?")
_AMPERSANDS = re.compile(r"&{2,}")


@lru_cache(4096)
def quoted(name: str) -> str:
    """Return a name as it stands in an href."""
    return quote(name, safe="/&+:@!$'()*,;=~")


def testcase_href(base_url: str, name: str) -> str:
    """Return the URL of a testcase."""
    return f"{base_url}{API}/testcases/{quoted(name)}"


def group_href(base_url: str, uuid: str) -> str:
    """Return the URL of a group."""
    return f"{base_url}{API}/groups/{quoted(uuid)}"


def group_results_href(base_url: str, uuid: str) -> str:
    """Return the URL of a group's results."""
    return f"{base_url}{API}/results?groups={quote_plus(uuid, safe=_SAFE_IN_VALUE)}"


def page_links(request: Request, page: int, has_next: bool) -> tuple[str | None, str | None]:
    """Return the URLs of the previous and of the next page, as the original writes them."""
    previous = _with_page(request, page - 1) if page > 0 else None
    following = _with_page(request, page + 1) if has_next else None
    return previous, following


def _with_page(request: Request, page: int) -> str:
    """Return the request's own URL as an IRI with another page; `callback` is dropped."""
    query, replaced = _PAGE.subn(f"page={page}", _decoded(request.query_string, _KEPT_IN_QUERY), count=1)
    if not replaced:
        query = f"{query}&page={page}" if query else f"page={page}"
    query = _AMPERSANDS.sub("&", _CALLBACK.sub("", query))
    return f"{request.base_url}{_decoded(request.quoted_path, _KEPT_IN_PATH)}?{query}"


def _decoded(text: str, kept: frozenset[int] | set[int]) -> str:
    """Decode what is percent-encoded, but for the bytes `kept` and what is no UTF-8."""
    return _ENCODED.sub(lambda match: _decode_run(match.group(), kept), text)


def _decode_run(run: str, kept: frozenset[int] | set[int]) -> str:
    parts = [run[i:i + 3] for i in range(0, len(run), 3)]
    decoded: list[str] = []
    while parts:
        value = int(parts[0][1:], 16)
        if value in kept:
            decoded.append(parts.pop(0))
            continue
        length = 1 if value < 0x80 else 2 if 0xC2 <= value < 0xE0 else 3 if value < 0xF0 else 4
        try:
            decoded.append(bytes(int(part[1:], 16) for part in parts[:length]).decode())
            del parts[:length]
        except ValueError:
            decoded.append(parts.pop(0))
    return "".join(decoded)
