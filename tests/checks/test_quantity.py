"""Durations and sizes as people write and read them."""
from __future__ import annotations

import pytest

from checks.quantity import QuantityError, parse_bytes, parse_cpus, parse_seconds, show_bytes, show_seconds


@pytest.mark.parametrize(("text", "seconds"), [(90, 90), ("90", 90), ("90s", 90), ("20 min", 1200), ("2h", 7200),
                                              ("1.5 m", 90), ("7d", 604800)])
def test_times_are_read(text: object, seconds: float) -> None:
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize("text", [0, -1, "soon", "1 year", True, None, "8d", "1e9", "", "9" * 50, [], float("inf")])
def test_what_is_no_time_is_refused(text: object) -> None:
    with pytest.raises(QuantityError, match="expected a time"):
        parse_seconds(text)


@pytest.mark.parametrize(("text", "size"), [(100, 100), ("1 GB", 10**9), ("1 GiB", 2**30), ("256Mi", 2**28),
                                           ("1.5k", 1500)])
def test_sizes_are_read(text: object, size: int) -> None:
    assert parse_bytes(text) == size


def test_thousandths_of_processors_are_read() -> None:
    assert parse_cpus("500m") == 0.5
    with pytest.raises(QuantityError):
        parse_cpus("0m")


@pytest.mark.parametrize(("seconds", "words"), [(0.42, "0.4 s"), (12, "12 s"), (200, "3 min 20 s"), (120, "2 min"),
                                               (7500, "2 h 5 min"), (3600, "1 h")])
def test_times_are_shown(seconds: float, words: str) -> None:
    assert show_seconds(seconds) == words


@pytest.mark.parametrize(("size", "words"), [(312, "312 B"), (1536, "1.5 KiB"), (100 * 2**20, "100 MiB"),
                                            (2**41, "2.0 TiB")])
def test_sizes_are_shown(size: int, words: str) -> None:
    assert show_bytes(size) == words
