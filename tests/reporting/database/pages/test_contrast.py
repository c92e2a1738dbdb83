"""The colours of the style sheet, computed: axe sees text only where a page shows it, and no shape of a plot."""
from __future__ import annotations

import re
from pathlib import Path

import pytest

from reporting.database import pages

_SHEET = (Path(pages.__file__).parent / "static" / "pages.css").read_text(encoding="utf-8")
_LIGHT, _DARK = (dict(re.findall(r"--([\w-]+):\s*(#[0-9a-fA-F]{3,6})", block))
                 for block in re.findall(r":root \{(.*?)\}", _SHEET, re.DOTALL)[:2])
_SCHEMES = {"light": _LIGHT, "dark": {**_LIGHT, **_DARK}}
_TEXT = [("text", "ground"), ("text", "raised"), ("text", "mark"), ("quiet", "ground"), ("quiet", "raised"),
         ("link", "ground"), ("link", "raised"), ("ground", "link"), ("bad-as-text", "ground"),
         ("bad-as-text", "raised"), ("ok-text", "ground"), ("ok-text", "raised"), ("unseen", "ground"),
         *((f"{tone}-text", tone) for tone in ("ok", "info", "bad", "look", "broken", "wait", "other"))]
_SHAPES = ["bar-ok", "bar-info", "bar-look", "bar-wait", "bar-broken", "bar-bad", "link", "quiet", "focus"]


def _luminance(colour: str) -> float:
    """Return the relative luminance, 0 to 1 (WCAG 2.2, "relative luminance")."""
    digits = colour.lstrip("#")
    digits = "".join(each * 2 for each in digits) if len(digits) == 3 else digits
    parts = [int(digits[start:start + 2], 16) / 255 for start in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", _SCHEMES)
@pytest.mark.parametrize(("text", "ground"), _TEXT)
def test_text_can_be_read_on_its_ground(scheme: str, text: str, ground: str) -> None:
    colours = _SCHEMES[scheme]

    assert _contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("scheme", _SCHEMES)
@pytest.mark.parametrize("ground", ["ground", "raised"])
@pytest.mark.parametrize("shape", _SHAPES)
def test_a_shape_stands_out_from_its_ground(scheme: str, shape: str, ground: str) -> None:
    colours = _SCHEMES[scheme]

    assert _contrast(colours[shape], colours[ground]) >= 3


def test_black_on_white_is_21_to_1() -> None:
    assert round(_contrast("#000", "#ffffff"), 2) == 21
