"""A stranger's text made safe and legible: what cannot be seen is written out, what is long is cut."""
from __future__ import annotations

import re
from datetime import UTC, datetime

from markupsafe import Markup, escape

from reporting.database.timestamps import to_datetime

#: Control characters, and those that turn the direction of what follows or take no room at all.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
                     "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]")
_LINE_BREAKS = re.compile("[\t\n]")
#: Spaces that nobody would notice.
_EDGES = re.compile("^ +| +$")
#: What XML 1.0 cannot carry, not even escaped (w3.org/TR/xml, Char).
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def visible(text: str) -> Markup:
    """Return one line of HTML in which every character shows, kept apart from the direction of its neighbours."""
    escaped = _LINE_BREAKS.sub(_written_out, _with_escapes(text))
    escaped = _EDGES.sub(lambda spaces: '<span class="unseen">\\x20</span>' * len(spaces.group()), escaped)
    return Markup("<bdi>{}</bdi>").format(Markup(escaped))  # noqa: S704 (escaped in _with_escapes)


def with_code(text: str) -> Markup:
    """Return a sentence whose `values` in backticks are set as code."""
    return Markup("").join(Markup("<code>{}</code>").format(visible(part)) if place % 2 else visible_lines(part)
                           for place, part in enumerate(text.split("`")))


def cut(text: str, limit: int = 120) -> Markup:
    """Return `visible` of the text; of a longer one the beginning and the end, the whole in the tooltip."""
    if len(text) <= limit:
        return visible(text)
    half = (limit - 1) // 2
    short = visible(f"{text[:limit - 1 - half]}…{text[-half:]}")
    return Markup('<span title="{}">{}</span>').format(plain(text)[:1000], short)


def visible_lines(text: str) -> Markup:
    """Return the text for a <pre>: tabs and line breaks stay, everything else shows."""
    return Markup(_with_escapes(text.replace("\r\n", "\n")))  # noqa: S704 (escaped there)


def plain(text: str) -> str:
    """Return one line of text, not HTML, in which every character shows: for titles and attributes."""
    return _LINE_BREAKS.sub(" ", _UNSEEN.sub(_code, text))


def for_xml(text: str) -> str:
    """Return the text without what XML cannot carry."""
    return _NOT_XML.sub("\ufffd", text)


def _with_escapes(text: str) -> str:
    return _UNSEEN.sub(_written_out, str(escape(text)))


def _code(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _written_out(match: re.Match[str]) -> str:
    shown = {"\n": "\\n", "\t": "\\t"}.get(match.group()) or _code(match)
    return f'<span class="unseen">{shown}</span>'


def moment(microseconds: int) -> str:
    """Return `2026-11-21 14:03 UTC`."""
    return to_datetime(microseconds).strftime("%Y-%m-%d %H:%M UTC")


def exact_moment(microseconds: int) -> str:
    """Return `2026-11-21T14:03:22Z`, for machines."""
    return to_datetime(microseconds).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ago(microseconds: int, now: int) -> str:
    """Return "3 h ago", "2 days ago"; a date where that is more than a month."""
    seconds = (now - microseconds) // 1_000_000
    if seconds < 0:
        return moment(microseconds) if seconds < -_MINUTE else "now"
    if seconds < _MINUTE:
        return "now"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min ago"
    if seconds < _DAY:
        return f"{seconds // _HOUR} h ago"
    days = seconds // _DAY
    if days < 32:
        return f"{days} day{'s' if days > 1 else ''} ago"
    return to_datetime(microseconds).strftime("%Y-%m-%d")


def lasting(seconds: float) -> str:
    """Return "0.4 s", "12 s", "3 min 5 s", "2 h 10 min"."""
    if seconds == 0:
        return "0 s"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // _HOUR} h {whole % _HOUR // 60} min"


def number(value: int, noun: str, plural: str | None = None) -> str:
    """Return "1 result", "1,204 results"."""
    return f"{value:,} {noun if value == 1 else plural or noun + 's'}"


def day(microseconds: int) -> datetime:
    """Return midnight (UTC) of that day."""
    return to_datetime(microseconds).replace(hour=0, minute=0, second=0, microsecond=0)
