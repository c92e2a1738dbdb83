"""Points in time: microseconds since 1970 in UTC inside, three text forms outside."""
from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

_EPOCH = datetime(1970, 1, 1)
_EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
#: What `submit_time` may be as text: at least one digit of fraction, then nothing, Z or an offset.
_SUBMIT_TIME = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})T(\d{1,2}):(\d{1,2}):(\d{1,2})\.(\d{1,6})"
    r"(Z|\+00|[+-]\d{2}:?[0-5]\d(?::?[0-5]\d(?:\.\d{1,6})?)?)?", re.ASCII | re.IGNORECASE)
#: Characters of a number of milliseconds: many more than the calendar has room for.
_NUMBER_LENGTH = 32
#: ISO 8601 in all widths, as `since` takes it (year and month need their dash); a zone is read and ignored.
_SINCE = re.compile(
    r"(\d{4})(?:(?:-(\d{1,2})|(\d{2})(?!$))(?:(?:-(\d{1,2})|(\d{2}))"
    r"(?:[ T](\d{2})(?::?(\d{2}))?(?::?(\d{1,2})(?:[.,](\d+))?)?(?:Z|[+-](\d{2}):?(\d{2})?)?)?)?)?", re.ASCII)
#: The first and the last millisecond of the years 1 to 9999.
_FIRST_MILLISECOND = -62_135_596_800_000
_LAST_MILLISECOND = 253_402_300_799_999


class TimestampError(ValueError):
    """Raised when a text or number is no point in time."""


def now_microseconds() -> int:
    """Return the time now."""
    return time.time_ns() // 1000


def to_text(microseconds: int) -> str:
    """Return `2024-05-01T10:00:00.000001`: no zone; no fraction where it is zero."""
    return (_EPOCH + timedelta(microseconds=microseconds)).isoformat()


def from_submit_time(value: object) -> int:
    """
    Return the time of a `submit_time`: milliseconds as a number or digits, or text with a fraction.

    Raises TimestampError: neither, or out of the years 1 to 9999.
    """
    if isinstance(value, str):
        try:
            value = int(value if len(value) <= _NUMBER_LENGTH else "")
        except ValueError:
            return _from_text(str(value))
    if isinstance(value, int) and not isinstance(value, bool) and _FIRST_MILLISECOND <= value <= _LAST_MILLISECOND:
        return value * 1000
    raise TimestampError(value)


def _from_text(text: str) -> int:
    match = _SUBMIT_TIME.fullmatch(text)
    if match is None:
        raise TimestampError(text)
    *parts, fraction, zone = match.groups()
    try:
        year, month, day, hour, minute, second = map(int, parts)
        moment = datetime(year, month, day, hour, minute, second, int(fraction.ljust(6, "0")))
        offset = _offset(zone)
        return (moment - offset - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError):
        raise TimestampError(text) from None


def _offset(zone: str | None) -> timedelta:
    if not zone or zone in "Zz":
        return timedelta()
    whole, _, fraction = zone[1:].replace(":", "").partition(".")
    digits = whole.ljust(6, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]), seconds=int(digits[4:]),
                       microseconds=int(fraction.ljust(6, "0")))
    if offset >= timedelta(days=1):
        raise TimestampError(zone)
    return -offset if zone[0] == "-" else offset


def from_since(text: str) -> int:
    """Return the time of one half of `since`; what is left out is the earliest. Raises TimestampError."""
    match = _SINCE.fullmatch(text)
    if match is None:
        raise TimestampError(text)
    *parts, zone_hours, zone_minutes = match.groups()
    year, month, joined_month, day, joined_day, hour, minute, second, fraction = parts
    if int(zone_hours or 0) * 60 + int(zone_minutes or 0) >= 24 * 60:
        raise TimestampError(text)
    try:
        moment = datetime(int(year), int(month or joined_month or 1), int(day or joined_day or 1), int(hour or 0),
                          int(minute or 0), int(second or 0), int((fraction or "0")[:6].ljust(6, "0")))
    except ValueError:
        raise TimestampError(text) from None
    return (moment - _EPOCH) // _MICROSECOND


def to_datetime(microseconds: int) -> datetime:
    """Return the time with its zone, UTC."""
    return _EPOCH_UTC + timedelta(microseconds=microseconds)


def http_date(microseconds: int) -> str:
    """Return `Wed, 01 May 2024 10:00:00 GMT`."""
    return format_datetime(to_datetime(microseconds), usegmt=True)
