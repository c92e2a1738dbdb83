"""The digest by which a data pair is found, whatever its length, and the hour up to which it has results."""
from __future__ import annotations

import hashlib
from collections.abc import Iterable

from reporting.database.records import NewResult

MICROSECONDS_AN_HOUR = 3_600_000_000


def pair_digest(key: str, value: str) -> bytes:
    """Return 16 bytes that stand for (key, value). Neither may hold a NUL."""
    return hashlib.blake2b(f"{key}\0{value}".encode(), digest_size=16).digest()


def hour_of(submit_time: int) -> int:
    """Return the hour since 1970 of a time in microseconds."""
    return submit_time // MICROSECONDS_AN_HOUR


def end_of_hour(hour: int) -> int:
    """Return the last microsecond of an hour."""
    return (hour + 1) * MICROSECONDS_AN_HOUR - 1


def newest_hours(new: Iterable[NewResult]) -> dict[tuple[str, str], int]:
    """Return each pair with the hour of the newest result that has it."""
    hours: dict[tuple[str, str], int] = {}
    for each in new:
        hour = hour_of(each.submit_time)
        for pair in each.pairs():
            hours[pair] = max(hours.get(pair, hour), hour)
    return hours
