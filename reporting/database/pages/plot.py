"""Plots as shapes: numbers in, rectangles and points out; the template writes them as inline SVG."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from reporting.database.pages.verdict import TONES, counted, verdict
from reporting.database.pages.wording import lasting

_EPOCH = date(1970, 1, 1)
#: Units of the drawing, scaled to the page's width.
WIDTH, HEIGHT, AXIS = 720, 150, 34
_GAP = 1.5
_TOP = 8
#: Heights below cannot be seen.
_LEAST = 1.5


@dataclass(frozen=True, slots=True)
class Bar:
    """One outcome's tone on one day."""

    x: float
    y: float
    width: float
    height: float
    tone: str


@dataclass(frozen=True, slots=True)
class Column:
    """One day: its bars, its place for a pointer, and its words."""

    x: float
    width: float
    label: str
    bars: list[Bar]


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the axis with its words."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A finished plot."""

    columns: list[Column]
    days: list[Tick]
    numbers: list[Tick]
    #: (day, words) for readers of the table.
    rows: list[tuple[str, str]]


def outcomes_plot(counts: Iterable[tuple[int, str, int]], first_day: int, last_day: int) -> Plot:
    """Return stacked bars of (day, outcome, number) from the first to the last day; days count from 1970."""
    by_day: dict[int, dict[str, int]] = {}
    for number_of_day, outcome, number in counts:
        if first_day <= number_of_day <= last_day:  # a clock ahead of ours sends results of tomorrow
            by_day.setdefault(number_of_day, {})[outcome] = number
    days = range(first_day, last_day + 1)
    step = (WIDTH - AXIS) / len(days)
    highest = max((sum(found.values()) for found in by_day.values()), default=1)
    top = _round_up(highest)
    columns = [_column(day, by_day.get(day, {}), AXIS + (day - first_day) * step, step, top) for day in days]
    rows = [(_iso(day), _words(by_day[day])) for day in reversed(days) if day in by_day]
    return Plot(columns, _day_ticks(days, step),
                [Tick(_y(value, top), f"{value:,}") for value in sorted({0, top // 2, top})], rows)


def _column(day: int, found: Mapping[str, int], x: float, step: float, top: int) -> Column:
    by_tone: dict[str, int] = {}
    for outcome, number in found.items():
        tone = verdict(outcome).tone
        by_tone[tone] = by_tone.get(tone, 0) + number
    bars, base = [], float(HEIGHT)
    for tone in TONES:
        if many := by_tone.get(tone):
            height = max(many / top * (HEIGHT - _TOP), _LEAST)
            base -= height
            bars.append(Bar(round(x + _GAP / 2, 2), round(base, 2), round(max(step - _GAP, 1), 2), round(height, 2),
                            tone))
    return Column(round(x, 2), round(step, 2), f"{_iso(day)}: {_words(found) or 'no results'}", bars)


def _y(value: float, top: float) -> float:
    return round(HEIGHT - value / top * (HEIGHT - _TOP), 2)


def _words(found: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {each.words.lower()}" for each, number in counted(dict(found)))


def _iso(day: int) -> str:
    return (_EPOCH + timedelta(days=day)).isoformat()


def _day_ticks(days: range, step: float) -> list[Tick]:
    every = max(len(days) // 6, 1)
    return [Tick(round(AXIS + (day - days[0]) * step + step / 2, 2), (_EPOCH + timedelta(days=day)).strftime("%-d %b"))
            for day in days[every // 2::every]]


def _round_up(value: int) -> int:
    """Return the next number that reads well on an axis: 2, 4, 6, 8, 10, 20, 40 ..."""
    power = 1
    while value > 10 * power:
        power *= 10
    return next(step * power for step in (2, 4, 6, 8, 10) if value <= step * power)


@dataclass(frozen=True, slots=True)
class Line:
    """Points joined by a line."""

    #: For the `points` of a polyline.
    points: str
    dots: list[tuple[float, float, str]]
    numbers: list[Tick]


def run_time_plot(seconds_by_day: Mapping[int, float], first_day: int, last_day: int) -> Line | None:
    """Return the median run time a day as a line on the same axis of days; None where fewer than two days have one."""
    days = sorted(day for day in seconds_by_day if first_day <= day <= last_day)
    if len(days) < 2:
        return None
    step = (WIDTH - AXIS) / (last_day - first_day + 1)
    top = max(seconds_by_day[day] for day in days) or 1
    dots = [(round(AXIS + (day - first_day) * step + step / 2, 2), _small_y(seconds_by_day[day] / top),
             f"{_iso(day)}: {lasting(seconds_by_day[day])}") for day in days]
    return Line(" ".join(f"{x},{y}" for x, y, _ in dots), dots,
                [Tick(_small_y(share), lasting(top * share)) for share in (0, 1)])


#: Height of the run time's plot.
SMALL = 72


def _small_y(share: float) -> float:
    return round(SMALL - 6 - share * (SMALL - 26), 2)
