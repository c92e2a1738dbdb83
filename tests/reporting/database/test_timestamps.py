"""Points in time, from text and back."""
from __future__ import annotations

import pytest

from reporting.database.timestamps import TimestampError, from_since, from_submit_time, http_date, to_text


@pytest.mark.parametrize(("text", "expected"), [
    ("2024", "2024-01-01T00:00:00"), ("2024-05", "2024-05-01T00:00:00"), ("20240501", "2024-05-01T00:00:00"),
    ("2024-05-01T10", "2024-05-01T10:00:00"), ("2024-05-01T10:30", "2024-05-01T10:30:00"),
    ("2024-05-01 10:30:15", "2024-05-01T10:30:15"), ("2024-05-01T103015", "2024-05-01T10:30:15"),
    ("2024-05-01T10:30:15.25", "2024-05-01T10:30:15.250000"),
    ("2024-05-01T10:30:15.1234567", "2024-05-01T10:30:15.123456"),
    ("2024-05-01T10:30:15+02:00", "2024-05-01T10:30:15"), ("2024-05-01T10:30:15Z", "2024-05-01T10:30:15"),
    ("2024-5-2", "2024-05-02T00:00:00"), ("2024-0502T1000", "2024-05-02T10:00:00"),
    ("2024-05-02T10:00:5", "2024-05-02T10:00:05"), ("2024-05-01T10+02", "2024-05-01T10:00:00"),
    ("1900-01-01T00:00:00.000000", "1900-01-01T00:00:00"), ("9999-12-31T23:59:59", "9999-12-31T23:59:59"),
])
def test_since_takes_iso_8601_in_all_widths_and_ignores_a_zone(text: str, expected: str) -> None:
    assert to_text(from_since(text)) == expected


@pytest.mark.parametrize("text", ["", "now", "24-05-01", "2024-00-01", "2024-02-30", "2024-05-01T25", "0000",
                                  "2024-05-01T10:00:00+2", "2024-05-01X10:00", "٢٠٢٤", "202405", " 2024", "2024 ",
                                  "2024-05T10:00", "2024-05-01T", "2024-05-01t10:00", "2024-05-01T10:00+24:00"])
def test_since_refuses_everything_else(text: str) -> None:
    with pytest.raises(TimestampError):
        from_since(text)


@pytest.mark.parametrize(("value", "expected"), [
    (1_661_324_097_123, "2022-08-24T06:54:57.123000"), ("1661324097123", "2022-08-24T06:54:57.123000"),
    (-1, "1969-12-31T23:59:59.999000"), ("-1", "1969-12-31T23:59:59.999000"), (" +5 ", "1970-01-01T00:00:00.005000"),
    ("2022-08-24T06:54:57.1", "2022-08-24T06:54:57.100000"), ("2022-08-24t06:54:57.1z", "2022-08-24T06:54:57.100000"),
    ("2022-8-4T6:4:7.5", "2022-08-04T06:04:07.500000"),
    ("2022-08-24T06:54:57.123456+02:00", "2022-08-24T04:54:57.123456"),
    ("2022-08-24T06:54:57.1-0530", "2022-08-24T12:24:57.100000"),
    ("2022-08-24T06:54:57.1+00:00:30.5", "2022-08-24T06:54:26.600000"),
])
def test_a_submit_time_is_milliseconds_or_a_time_with_a_fraction(value: object, expected: str) -> None:
    assert to_text(from_submit_time(value)) == expected


@pytest.mark.parametrize("value", [1.5, True, [], "", "now", "1e3", "2022-08-24T06:54:57", "2022-08-24T06:54:57Z",
                                   "2022-08-24 06:54:57.1", "2022-08-24T06:54:57.1234567", "2022-08-24T06:54:57.1+02",
                                   "2022-08-24T06:54:57.1+02:60", "22-08-24T06:54:57.1"])
def test_anything_else_is_no_submit_time(value: object) -> None:
    with pytest.raises(TimestampError):
        from_submit_time(value)


@pytest.mark.parametrize("value", [-62_135_596_800_001, 253_402_300_800_000, "9" * 30, "0000-01-01T00:00:00.0",
                                   "0001-01-01T00:00:00.0+23:59:59", "2024-05-01T10:00:00.0+99:00"])
def test_a_submit_time_out_of_the_calendar_is_refused(value: object) -> None:
    with pytest.raises(TimestampError):
        from_submit_time(value)


def test_the_ends_of_the_calendar_are_kept() -> None:
    assert to_text(from_submit_time(-62_135_596_800_000)) == "0001-01-01T00:00:00"
    assert to_text(from_submit_time(253_402_300_799_999)) == "9999-12-31T23:59:59.999000"


def test_an_offset_may_not_leave_the_calendar() -> None:
    stored = from_submit_time("0001-01-01T00:00:00.0-01:00")

    assert to_text(stored) == "0001-01-01T01:00:00"


def test_http_dates_have_no_locale() -> None:
    assert http_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT"
