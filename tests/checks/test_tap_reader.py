"""TAP 13 and 14 read by the specification: framing, subtests, numbering, plans, and what is forgiven."""
import io
from pathlib import Path

import pytest

from checks.item import Item
from checks.outcome import Outcome
from checks.tap import TapLimits, TapReader, TapReading, read_tap

XCHAT = Item("xchat-0.5-1.fc20", "koji_build")

#: The example of the design's mail: no version line, no plan, no numbers, and lines off by two columns.
SEED = """\
ok - $CHECKNAME for Koji build xchat-0.5-1.fc20
  ---
  details:
    output: |-
      xchat.x86_64: W: file-not-utf8 /usr/share/doc/xchat/ChangeLog
      xchat.x86_64: W: non-conffile-in-etc
                       /etc/gconf/schem/apps_xchat_url_handler.schemas
      xchat.x86_64: W: no-manual-page-for-binary xchat
  item: xchat-0.5-1.fc20
  outcome: PASSED
  summary: 5 ERRORS, 10 WARNINGS
  type: koji_build
  ...
  not ok - $CHECKNAME for Bodhi update foobar-1.2-3.fc20  # FAIL
  ---
  item: foobar-1.2-3.fc20
  outcome: FAILED
  summary: dependency error
  type: bodhi_update
  ...
  ok - $CHECKNAME for Yum repository f20-updates
  ---
  item: f20-updates
  outcome: INFO
  summary: 2 stale updates
  type: yum_repository
  ...
"""
ALIGNED = SEED.replace("\n  not ok", "\nnot ok").replace("\n  ok", "\nok")
FORMS = {
    "as printed in the mail": SEED,
    "aligned": ALIGNED,
    "aligned, with version and plan": f"TAP version 13\n{ALIGNED}1..3\n",
    "with a version line, misaligned": f"TAP version 13\n{SEED}",
}


def read(text: str | bytes, item: Item | None = XCHAT, **limits: int) -> TapReading:
    return read_tap(text, testcase="dist.sample", item=item, limits=TapLimits(**limits))


def messages(reading: TapReading) -> list[str]:
    return [str(fault) for fault in reading.faults]


@pytest.mark.parametrize("form", FORMS)
def test_all_four_forms_of_the_design_give_the_same_three_results(form: str) -> None:
    reading = read(FORMS[form], item=None)

    assert [(r.item, r.item_type, r.outcome, r.summary) for r in reading.results] == [
        ("xchat-0.5-1.fc20", "koji_build", Outcome.PASSED, "5 ERRORS, 10 WARNINGS"),
        ("foobar-1.2-3.fc20", "bodhi_update", Outcome.FAILED, "dependency error"),
        ("f20-updates", "yum_repository", Outcome.INFO, "2 stale updates"),
    ]
    assert reading.results[0].output == (
        "xchat.x86_64: W: file-not-utf8 /usr/share/doc/xchat/ChangeLog\n"
        "xchat.x86_64: W: non-conffile-in-etc\n"
        "                 /etc/gconf/schem/apps_xchat_url_handler.schemas\n"
        "xchat.x86_64: W: no-manual-page-for-binary xchat")
    assert reading.errors == ()


def test_what_was_forgiven_is_said() -> None:
    assert messages(read(SEED)) == [
        "line 1: no version line; expected `TAP version 13` first",
        "line 14: `not ok - $CHECKNAME for Bodhi update foobar-1.2-3.fc20` is indented by 2; read as if it were not",
        "line 21: `ok - $CHECKNAME for Yum repository f20-updates` is indented by 2; read as if it were not",
        "line 28: no plan; expected `1..3` at the beginning or the end",
    ]
    assert messages(read(FORMS["aligned, with version and plan"])) == []


def test_a_result_without_a_block_is_about_the_item_of_the_run() -> None:
    reading = read("TAP version 13\nok 1 - it builds\nnot ok 2\n1..2\n")

    assert [(r.item, r.outcome, r.testcase) for r in reading.results] == [
        ("xchat-0.5-1.fc20", Outcome.PASSED, "dist.sample"), ("xchat-0.5-1.fc20", Outcome.FAILED, "dist.sample")]
    assert reading.faults == ()


def test_the_sentence_of_the_test_line_may_name_the_item() -> None:
    reading = read("TAP version 13\nnot ok 1 - depcheck for Koji tag f20-updates-pending  # FAIL\n1..1\n", item=None)

    assert [(r.item, r.item_type) for r in reading.results] == [("f20-updates-pending", "koji_tag")]


def test_a_result_about_nothing_is_an_error_not_a_silence() -> None:
    reading = read("TAP version 13\nok 1 - what?\n1..1\n", item=None)

    assert reading.results == ()
    assert messages(reading) == [
        "line 2: `ok 1 - what?` says no item; expected a YAML block with `item` and `type`"]
    assert not reading.is_whole


def test_skip_and_todo_are_information() -> None:
    reading = read("TAP version 13\nok 1 - a # SKIP no network\nnot ok 2 - b # todo later \\# 5\n"
                   "ok 3 # Skipped: old\n1..3\n")

    assert [(r.outcome, r.summary) for r in reading.results] == [
        (Outcome.INFO, "skipped: no network"), (Outcome.INFO, "to do: later # 5"), (Outcome.INFO, "skipped: old")]


def test_the_worse_of_line_and_block_counts() -> None:
    reading = read("TAP version 13\nok 1\n  ---\n  outcome: FAILED\n  ...\n"
                   "not ok 2\n  ---\n  outcome: INFO\n  ...\n1..2\n")

    assert [r.outcome for r in reading.results] == [Outcome.FAILED, Outcome.FAILED]
    assert messages(reading) == ["line 2: `ok 1` stands above outcome FAILED; the worse of the two counts",
                                 "line 6: `not ok 2` stands above outcome INFO; the worse of the two counts"]


def test_an_unknown_outcome_needs_inspection() -> None:
    reading = read("TAP version 13\nok 1\n  ---\n  outcome: GOOD\n  ...\n1..1\n")

    assert [r.outcome for r in reading.results] == [Outcome.NEEDS_INSPECTION]
    assert messages(reading) == ["line 2: unknown outcome `GOOD`; expected one of PASSED, INFO, FAILED, "
                                 "NEEDS_INSPECTION, ABORTED, ERROR, CRASHED; taken as NEEDS_INSPECTION"]


def test_a_plan_that_is_not_kept_is_an_error() -> None:
    assert messages(read("TAP version 13\n1..5\nok 1\nok 2\n")) == ["line 2: the plan promises 5 tests, 2 came"]
    assert messages(read("TAP version 13\n1..1\nok 1\nok 2\n")) == ["line 2: the plan promises 1 tests, 2 came"]


def test_a_plan_stands_at_the_beginning_or_at_the_end() -> None:
    said = "line 3: test lines before and after the plan; expected it at the beginning or the end"

    assert messages(read("TAP version 13\nok 1\n1..3\nok 2\nok 3\n")) == [said]
    assert messages(read("1..1\nTAP version 13\nok 1\n")) == ["line 2: the version line does not come first"]


def test_a_stream_that_ends_after_its_version_line_is_no_check_with_nothing_to_say() -> None:
    died, silent = read("TAP version 13\n"), read("TAP version 13\n1..0\n")

    assert messages(died) == ["line 2: neither a test line nor a plan; where there is nothing to say, `1..0` says so"]
    assert (died.is_whole, silent.is_whole, silent.faults) == (False, True, ())


def test_numbers_out_of_order_are_said_and_nothing_is_lost() -> None:
    reading = read("TAP version 13\nok 1\nok 1\nok 7\n1..3\n")

    assert len(reading.results) == 3
    assert messages(reading) == ["line 3: `ok 1` comes where number 2 was expected",
                                 "line 4: `ok 7` comes where number 3 was expected"]


def test_a_plan_that_starts_later_is_read_with_a_warning() -> None:
    reading = read("TAP version 13\n2..3\nok 2\nok 3\n")

    assert reading.plan == 2
    assert messages(reading) == ["line 2: plan `2..3` does not begin with 1"]


def test_a_stream_that_skips_everything_says_why() -> None:
    reading = read("TAP version 13\n1..0 # SKIP no packages for s390x\n")

    assert (reading.plan, reading.skipped, reading.faults) == (0, "no packages for s390x", ())


def test_a_bail_out_ends_the_stream_and_keeps_what_came_before() -> None:
    reading = read("TAP version 13\n1..9\nok 1\nBAIL OUT! disk is full\nok 2\n")

    assert (len(reading.results), reading.bail_out, reading.faults) == (1, "disk is full", ())
    assert not reading.is_whole


def test_an_unclosed_block_ends_where_its_indent_ends() -> None:
    reading = read("TAP version 13\nok 1\n  ---\n  item: a-1-1\n  type: koji_build\nok 2\n1..2\n")

    assert [r.item for r in reading.results] == ["a-1-1", "xchat-0.5-1.fc20"]
    assert messages(reading) == ["line 6: the block of `ok 1` is not closed by `...`"]


def test_a_block_after_a_comment_still_belongs_to_its_test() -> None:
    reading = read("TAP version 13\nok 1\n# note\n\n  ---\n  item: a-1-1\n  type: koji_build\n  ...\n1..1\n")

    assert [r.item for r in reading.results] == ["a-1-1"]
    assert messages(reading) == ["line 3: the block of `ok 1` does not follow it at once"]


def test_almost_a_test_line_is_an_error() -> None:
    reading = read("TAP version 13\nOK 1\nnot  ok 2\nok-3\n1..0\n")

    assert reading.results == ()
    assert [fault.message for fault in reading.errors] == [
        f"`{line}` is no test line; expected `ok` or `not ok`, then a space or the end"
        for line in ("OK 1", "not  ok 2", "ok-3")]


def test_other_lines_are_counted_and_said_once_a_run() -> None:
    reading = read("TAP version 13\nok 1\nhello\n   world\nok 2\nbye\n1..2\n")

    assert reading.unknown_lines == 3
    assert messages(reading) == ["line 3: 2 lines are no TAP, the first is `hello`", "line 6: `bye` is no TAP"]
    assert reading.is_whole


def test_pragma_strict_makes_them_errors() -> None:
    reading = read("TAP version 14\npragma +strict, -other\nhello\nok 1\n1..1\n")

    assert [fault.message for fault in reading.errors] == ["`hello` is no TAP"]


def test_a_subtest_explains_the_line_that_sums_it_up() -> None:
    reading = read("""\
TAP version 14
1..1
# Subtest: files
    ok 1 - README
    not ok 2 - LICENSE
      ---
      message: not there
      ...
    # Subtest: deeper
        not ok 1 - a
        ok 2 - b
        1..2
    not ok 3 - deeper
    not ok 4 - later # TODO
    1..4
not ok 1 - files
""")

    (result,) = reading.results
    assert (result.outcome, dict(result.extra)) == (Outcome.FAILED, {"subtests": ("2 of 4 ok",)})
    assert result.output == "not ok 2 - LICENSE\n  message: not there\nnot ok 3 - deeper (1 of 2 not ok)"
    assert reading.faults == ()


def test_a_point_of_a_subtest_with_a_verdict_is_a_result_of_its_own() -> None:
    reading = read("""\
TAP version 14
    not ok 1 - no config files
      ---
      outcome: NEEDS_INSPECTION
      ...
    1..1
not ok 1 - all
1..1
""")

    assert [(r.testcase, r.item, r.outcome) for r in reading.results] == [
        ("dist.sample", "xchat-0.5-1.fc20", Outcome.FAILED),
        ("dist.sample.no_config_files", "xchat-0.5-1.fc20", Outcome.NEEDS_INSPECTION)]


def test_the_plan_of_a_subtest_is_held_too() -> None:
    reading = read("TAP version 14\n    ok 1\n    1..3\nok 1 - all\n1..1\n")

    assert messages(reading) == ["line 3: the plan promises 3 tests, 1 came"]


def test_a_stream_that_is_indented_as_a_whole_is_not_lost() -> None:
    reading = read("    TAP version 13\n    ok 1\n      ---\n      item: a-1-1\n      type: koji_build\n"
                   "      ...\n    ok 2\n")

    assert [r.item for r in reading.results] == ["a-1-1", "xchat-0.5-1.fc20"]
    assert ("line 2: 2 test lines are indented, and no test line sums them up; read as if they were not"
            in messages(reading))


def test_two_streams_in_one_are_noticed() -> None:
    reading = read("TAP version 13\nok 1\n1..1\nTAP version 13\nok 1\n1..1\n")

    assert [fault.message for fault in reading.faults if "two streams" in fault.message] == [
        "a second version line; are these two streams in one?"]
    assert [fault.message for fault in reading.errors] == [
        "the plan promises 1 tests, 2 came", "a second plan `1..1`; the first one counts"]


def test_windows_line_ends_mean_nothing() -> None:
    text = FORMS["aligned, with version and plan"]

    assert read(text.replace("\n", "\r\n")).results == read(text).results


def test_terminal_escapes_and_wrong_bytes_are_written_out() -> None:
    reading = read(b"TAP version 13\nok 1 \xff\x1b[31m\n  ---\n  summary: \"x\\e[31m \\0\"\n  details:\n    output: |\n"
                   b"      \x1b]0;owned\x07 caf\xc3\xa9 \xff\n  ...\n1..1\n")

    (result,) = reading.results
    assert result.summary == "x\\x1b[31m \\x00"
    assert result.output == "\\x1b]0;owned\\x07 café \\xff"
    assert reading.faults == ()


@pytest.mark.parametrize("layout", ['  summary: "{}"\n', '  summary:   "{}"\n'], ids=["short way", "through libyaml"])
@pytest.mark.parametrize(("said", "read_as"), [
    ("a\\u001b[2Jb", "a\\x1b[2Jb"), ("\\u0000", "\\x00"), ("plain", "plain"), ("\\\"", '"'),
    ("tab\\there", "tab\there")])
def test_escapes_in_quotes_become_text_that_harms_nobody(layout: str, said: str, read_as: str) -> None:
    (result,) = read(f"TAP version 13\nok 1\n  ---\n{layout.format(said)}  ...\n1..1\n").results

    assert result.summary == read_as


def test_half_a_character_is_written_out() -> None:
    (result,) = read('TAP version 13\nok 1\n  ---\n  summary: "\\ud800"\n  ...\n1..1\n').results

    assert result.summary == "\\ud800"


def test_a_source_may_be_a_file_of_bytes_or_text() -> None:
    text = FORMS["aligned, with version and plan"]

    results = read(text).results
    assert read_tap(io.BytesIO(text.encode()), testcase="dist.sample").results == results
    assert read_tap(io.StringIO(text), testcase="dist.sample").results == results


def test_a_chunk_may_end_anywhere(tmp_path: Path) -> None:
    """A reader that gets a byte at a time gives what one that gets all at once gives."""
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(1, size or 1))

    text = FORMS["as printed in the mail"].replace("dependency", "dépendency")

    assert read_tap(Slow(text.encode()), testcase="dist.sample") == read_tap(text, testcase="dist.sample")


def test_results_come_out_while_the_stream_is_read() -> None:
    reader = TapReader("TAP version 13\nok 1 - a\nok 2 - b\n1..2\n", testcase="dist.sample", item=XCHAT)

    assert next(iter(reader)).outcome is Outcome.PASSED


@pytest.mark.parametrize(("line", "summary"), [
    ("ok 1 - see #42", "see #42"), ("ok 1 - see # 42 and #43", "see # 42 and #43"), ("ok 1 - a # FAIL", "a"),
    ("ok 1 - a #", "a"), ("ok 1 - a # time=5.2ms", "a"), ("not ok 1 - see #42 # FAIL", "see #42"),
    ("not ok 1 - see #42 # TODO later", "to do: later"), ("ok 1 - a#b", "a#b"),
    ("ok 1 - failed # failures", "failed # failures")])
def test_a_hash_is_text_unless_it_means_something(line: str, summary: str) -> None:
    [result] = read(f"TAP version 14\n{line}\n1..1\n").results

    assert result.summary == summary
