"""rpm's and Debian's order of versions, held against rpm itself and against the cases of their documents."""
from __future__ import annotations

import subprocess
from itertools import pairwise, product

import pytest

from reporting.database.pages.version_order import compare_debian, compare_rpm

#: As sorted by rpm: each is lower than the next (rpm-version(7), and rpm's own table of cases).
_RPM_RISING = ("1.0~rc1", "1.0~rc2", "1.0", "1.0^", "1.0^20160101", "1.0^20160102", "1.0a", "1.0.1", "1.0.10", "1.1",
               "2.0",
               "2.0.1a", "2.50", "5.5p1", "5.5p10", "20101121", "20101122")
_DEBIAN_RISING = ("1.0~beta1~svn1245", "1.0~beta1", "1.0", "1.0-1", "1.0-1+b1", "1.0+dfsg-1", "1.0.1-1", "1.2.10-1",
                  "1:0.1",
                  "1:0.1-2")


@pytest.mark.parametrize(("lower", "higher"), list(pairwise(_RPM_RISING)))
def test_a_lower_rpm_version_comes_first(lower: str, higher: str) -> None:
    assert (compare_rpm(lower, higher), compare_rpm(higher, lower)) == (-1, 1)


@pytest.mark.parametrize(("one", "other"), [("1.0", "1.0"), ("2_0", "2.0"), ("1.05", "1.5"), ("a", "a."), ("fc4",
                                                                                                           "fc.4")])
def test_rpm_versions_that_differ_only_in_separators_and_zeros_are_the_same(one: str, other: str) -> None:
    assert compare_rpm(one, other) == 0


@pytest.mark.parametrize(("lower", "higher"), list(pairwise(_DEBIAN_RISING)))
def test_a_lower_debian_version_comes_first(lower: str, higher: str) -> None:
    assert (compare_debian(lower, higher), compare_debian(higher, lower)) == (-1, 1)


def test_a_version_of_ten_thousand_digits_is_compared_quickly() -> None:
    assert compare_rpm("1" * 10_000, "1" * 9_999 + "2") == -1


def test_the_order_is_that_of_rpm_itself() -> None:
    versions = (*_RPM_RISING, "2_0", "1.05", "1.5", "a", "xyz10", "xyz10.1", "6.0.rc1", "6.0", "10b2", "10a1", "~",
                "^", "1.0~^")
    pairs = list(product(versions, versions))
    code = "".join(f"print(rpm.vercmp('{one}','{other}')..' ')" for one, other in pairs)

    done = subprocess.run(["rpm", "--eval", "%{lua:" + code + "}"], capture_output=True, text=True, check=True)

    assert [compare_rpm(*pair) for pair in pairs] == list(map(int, done.stdout.split()))
