"""TAP 13 written: aligned, numbered, planned, and read back as it was."""
import io

import pytest

from checks.contracts import ContractError
from checks.outcome import Outcome
from checks.result import Result
from checks.tap import TapWriter, read_tap, result_from_dict, result_to_dict, write_tap

XCHAT = Result("xchat-0.5-1.fc20", "koji_build", Outcome.PASSED, "dist.rpmlint")

#: Texts that YAML would take for something else, or that some reader stumbles over.
AWKWARD = [
    "", " ", "1.10", "NO", "yes", "null", "~", "2024-01-01", "0x10", "1e3", "12:30:45", "-", "- a", "#x", "a #b",
    "a: b", "a:",
    "'", '"', "\\", "\\n", "[a]", "{a}", "*a", "&a", "!a", "%a", "@a", "`a", "|", ">", "?", "...", "---", "... dots",
    "a\nb", "\na", "a\n\nb", " a\nb", "a\n  ...\nb", "a\n \nb", "tab\there", "caf\u00e9 \u2603 \U0001f600", "=", "<<",
    "x" * 5000, "ok 1 - not a test", "TAP version 13", "1..3", "Bail out!",
]


def test_the_layout_is_the_one_of_the_design() -> None:
    text = write_tap([
        XCHAT.with_changes(summary="5 ERRORS, 10 WARNINGS", output="a warning\n\nanother", arch="x86_64"),
        Result("foobar-1.2-3.fc20", "bodhi_update", Outcome.FAILED, "dist.depcheck", summary="dependency error",
               artifact="logs/depcheck.log", extra={"scenario": ("a",), "arch": ("i386", "noarch")}),
    ])

    assert text == """\
TAP version 13
ok 1 - dist.rpmlint for Koji build xchat-0.5-1.fc20
  ---
  details:
    output: |
      a warning
      \

      another
  item: xchat-0.5-1.fc20
  outcome: PASSED
  summary: 5 ERRORS, 10 WARNINGS
  type: koji_build
  arch: x86_64
  checkname: dist.rpmlint
  ...
not ok 2 - dist.depcheck for Bodhi update foobar-1.2-3.fc20  # FAIL
  ---
  item: foobar-1.2-3.fc20
  outcome: FAILED
  summary: dependency error
  type: bodhi_update
  artifact: logs/depcheck.log
  checkname: dist.depcheck
  scenario: a
  arch:
    - i386
    - noarch
  ...
1..2
""".replace("      \\\n\n", "      \n")


def test_nothing_to_say_is_a_plan_of_none() -> None:
    assert write_tap([]) == "TAP version 13\n1..0\n"


def test_a_hash_in_an_item_is_no_directive() -> None:
    commit = Result("rpms/gcc#fe7f1a5c2b", "dist_git_commit", Outcome.PASSED, "dist.x")

    text = write_tap([commit])

    assert "ok 1 - dist.x for dist-git commit rpms/gcc\\#fe7f1a5c2b\n" in text
    assert read_tap(text, testcase="other").results == (commit,)


@pytest.mark.parametrize("text", AWKWARD, ids=lambda text: ascii(text[:12]))
def test_awkward_text_comes_back_as_it_was(text: str) -> None:
    result = XCHAT.with_changes(output=f"first\n{text}" if text.strip() else None,
                                extra={"key": (text,), "list": (text, "b")})

    reading = read_tap(write_tap([result]), testcase="other")

    assert reading.faults == ()
    assert reading.results == (result,)


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_comes_back(outcome: Outcome) -> None:
    result = XCHAT.with_changes(outcome=outcome)

    reading = read_tap(write_tap([result]), testcase="other")

    assert (reading.results, reading.faults) == ((result,), ())


def test_control_characters_are_written_out() -> None:
    text = write_tap([XCHAT.with_changes(output="\x1b[31mred\r\nnext\rback", summary="\x07\u2028", item="a\nb")])

    assert "      \\x1b[31mred\n      next\\rback\n" in text
    assert not any(char < " " and char != "\n" for char in text)


def test_the_plan_is_written_even_where_the_check_breaks() -> None:
    file = io.StringIO()

    def check() -> None:
        with TapWriter(file) as writer:
            writer.write(XCHAT)
            writer.comment("the next line fails\nfor sure")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        check()

    assert file.getvalue().endswith("  ...\n# the next line fails\n# for sure\n1..1\n")


def test_a_dictionary_of_a_result_comes_back() -> None:
    result = XCHAT.with_changes(summary="a", output="b", arch="x86_64", artifact="c", log_url="http://d",
                                extra={"k": ("v", "w")})

    assert result_from_dict(result_to_dict(result)) == result
    assert result_to_dict(XCHAT) == {"item": "xchat-0.5-1.fc20", "item_type": "koji_build", "outcome": "PASSED",
                                     "testcase": "dist.rpmlint"}


def test_a_wrong_dictionary_names_every_fault() -> None:
    with pytest.raises(ContractError) as caught:
        result_from_dict({"item": 5, "item_type": "koji_build", "outcome": "GOOD", "testcase": "a",
                          "extra": [], "arch": 1})

    assert caught.value.faults == (
        "`item` is `5`; expected text", "`arch` is `1`; expected text or nothing",
        "`outcome`: unknown outcome `GOOD`; expected one of PASSED, INFO, FAILED, NEEDS_INSPECTION, ABORTED, "
        "ERROR, CRASHED")
