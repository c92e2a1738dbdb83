"""Durations, sizes and shares as people write them in YAML: `20 min`, `256 MiB`, `500m`."""
from __future__ import annotations

import re

_NUMBER = r"(\d+(?:\.\d+)?)\s*"
_SECONDS = {"": 1.0, "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "m": 60.0, "min": 60.0, "minute": 60.0,
            "minutes": 60.0, "h": 3600.0, "hour": 3600.0, "hours": 3600.0, "d": 86400.0, "day": 86400.0,
            "days": 86400.0}
_BYTES = {"": 1, "b": 1, "k": 10**3, "kb": 10**3, "ki": 2**10, "kib": 2**10, "m": 10**6, "mb": 10**6, "mi": 2**20,
          "mib": 2**20, "g": 10**9, "gb": 10**9, "gi": 2**30, "gib": 2**30, "t": 10**12, "tb": 10**12, "ti": 2**40,
          "tib": 2**40}
#: A week: longer than any check, short enough for every clock.
LONGEST_SECONDS = 7 * 86400.0
#: An exabyte, so that no sum overflows a resource limit of the kernel.
LARGEST_BYTES = 10**18


class QuantityError(ValueError):
    """Raised when a text is no quantity; says what was expected."""


def parse_seconds(value: object) -> float:
    """Return seconds of a number or of `90`, `90s`, `20 min`, `2h`; above 0, at most a week."""
    number = _scaled(value, _SECONDS)
    if number is None or not 0 < number <= LONGEST_SECONDS:
        raise QuantityError("expected a time above 0 and up to a week: seconds, or such as `20 min`, `2h`")
    return number


def parse_bytes(value: object) -> int:
    """Return bytes of a number or of `1000`, `256Mi`, `256 MiB`, `1 GB`."""
    number = _scaled(value, {unit: float(size) for unit, size in _BYTES.items()})
    if number is None or not 0 < number <= LARGEST_BYTES:
        raise QuantityError("expected a size above 0: bytes, or such as `256 MiB`, `1 GB`")
    return int(number)


def parse_cpus(value: object) -> float:
    """Return processors of a number or of `500m` (thousandths)."""
    number = _scaled(value, {"": 1.0, "m": 0.001})
    if number is None or not 0 < number <= 4096:
        raise QuantityError("expected a number of processors above 0, such as `2`, `0.5` or `500m`")
    return number


def show_seconds(seconds: float) -> str:
    """Return a duration for people: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def show_bytes(size: float) -> str:
    """Return a size for people: `312 B`, `1.5 KiB`, `100 MiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 100 or size == int(size) else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def _scaled(value: object, units: dict[str, float]) -> float | None:
    """Return the number in the smallest unit, None where it is no number with such a unit."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value) if abs(value) < 1e18 else None
    if not isinstance(value, str) or len(value) > 40:
        return None
    match = re.fullmatch(_NUMBER + r"([A-Za-z]*)", value.strip(), re.ASCII)
    scale = units.get(match.group(2).lower()) if match else None
    return float(match.group(1)) * scale if match and scale is not None else None
