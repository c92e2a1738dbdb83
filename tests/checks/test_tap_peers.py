"""
Our writer against readers that others wrote, and our reader against the known faults of one of them.

tap.py and Perl's TAP::Parser read what the writer writes. Each fault of tap.py
3.2 is a test whose expectation comes from the specification of TAP 13 and 14;
where tap.py is right, both readers must say the same.
"""
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from tap.parser import Parser

from checks.item import Item
from checks.outcome import Outcome
from checks.result import Result
from checks.tap import TapReading, read_tap, write_tap

RESULTS = [
    Result("xchat-0.5-1.fc20", "koji_build", Outcome.PASSED, "dist.rpmlint", summary="1.10",
           output="one\n\n  two # three\nfour"),
    Result("foobar-1.2-3.fc20", "bodhi_update", Outcome.FAILED, "dist.depcheck", summary="a: b # c",
           output="... dots\nrest"),
    Result("rpms/gcc#fe7f1a5c2b", "dist_git_commit", Outcome.NEEDS_INSPECTION, "dist.x", arch="x86_64",
           extra={"scenario": ("NO",), "many": ("a", "b")}),
]


def read(body: str, version: str = "TAP version 13\n") -> TapReading:
    return read_tap(version + body, testcase="dist.sample", item=Item("xchat-0.5-1.fc20", "koji_build"))


def test_tap_py_reads_what_is_written() -> None:
    lines = [line for line in Parser().parse_text(write_tap(RESULTS)) if line.category != "diagnostic"]

    assert [line.category for line in lines] == ["version", "test", "test", "test", "plan"]
    blocks = [line.yaml_block for line in lines if line.category == "test"]
    assert [(block["item"], block["outcome"], block.get("summary"), block["type"]) for block in blocks] == [
        ("xchat-0.5-1.fc20", "PASSED", "1.10", "koji_build"),
        ("foobar-1.2-3.fc20", "FAILED", "a: b # c", "bodhi_update"),
        ("rpms/gcc#fe7f1a5c2b", "NEEDS_INSPECTION", None, "dist_git_commit")]
    assert [block.get("details") for block in blocks] == [
        {"output": "one\n\n  two # three\nfour\n"}, {"output": "... dots\nrest"}, None]
    assert blocks[2]["many"] == ["a", "b"]


def test_perl_reads_what_is_written(tmp_path: Path) -> None:
    """Perl's harness stops at the first block it cannot read, so that it must read all of them."""
    assert shutil.which("perl"), "perl is not installed: apt-get install perl"
    file = tmp_path / "results.tap"
    file.write_text(write_tap(RESULTS), encoding="utf-8")
    program = """
        use TAP::Parser; use JSON::PP;
        my $parser = TAP::Parser->new({ source => $ARGV[0] }); my (@seen, $test);
        while (my $line = $parser->next) {
            if ($line->is_test) { $test = { ok => $line->is_ok ? 1 : 0 }; push @seen, $test }
            elsif ($line->is_yaml) { $test->{block} = $line->data }
        }
        print encode_json({ tests => \\@seen, errors => [ $parser->parse_errors ], planned => $parser->tests_planned });
    """

    done = subprocess.run(["perl", "-e", program, str(file)], capture_output=True, timeout=30, check=True)

    told = json.loads(done.stdout)
    assert (told["errors"], told["planned"]) == ([], 3)
    assert [test["ok"] for test in told["tests"]] == [1, 0, 0]
    assert [test["block"]["summary"] for test in told["tests"][:2]] == ["1.10", "a: b # c"]
    assert told["tests"][0]["block"]["details"] == {"output": "one\n\n  two # three\nfour\n"}
    assert told["tests"][2]["block"]["many"] == ["a", "b"]


PLAIN = """\
TAP version 13
1..6
ok 1 - Input file opened
not ok 2 - First line of the input valid
  ---
  message: First line invalid
  severity: fail
  ...
ok 3 - Read the rest # TODO not finished
not ok 4 - Summarized # todo reason
# a diagnostic
ok 5 # SKIP no such file
ok
"""


def test_both_readers_agree_on_plain_tap() -> None:
    theirs = [(line.ok, line.skip, line.todo) for line in Parser().parse_text(PLAIN) if line.category == "test"]

    ours = read("", version=PLAIN)

    assert theirs == [(True, False, False), (False, False, False), (True, False, True), (False, False, True),
                      (True, True, False), (True, False, False)]
    assert [result.outcome for result in ours.results] == [
        Outcome.PASSED, Outcome.FAILED, Outcome.PASSED, Outcome.INFO, Outcome.INFO, Outcome.PASSED]
    assert (ours.plan, ours.faults) == (6, ())


# The faults of tap.py, each with what the specification says


def test_okay_is_no_test_line() -> None:
    reading = read("okay then\nnot okay\n1..0\n")

    assert (reading.results, reading.unknown_lines) == ((), 2)


@pytest.mark.parametrize("line", ["1999 widgets", "12345", "1..", "1.2", "1..x", "11..3x"])
def test_a_number_is_no_plan(line: str) -> None:
    reading = read(f"{line}\nok 1\n1..1\n")

    assert (reading.plan, reading.unknown_lines) == (1, 1)


def test_a_blank_line_in_a_block_loses_nothing() -> None:
    reading = read("ok 1\n  ---\n  log: |\n    a\n\n    b\n  item: a-1-1\n  type: koji_build\n  ...\n1..1\n")

    (result,) = reading.results
    assert (result.item, result.extra["log"], reading.faults) == ("a-1-1", ("a\n\nb\n",), ())


def test_dots_in_a_literal_do_not_end_the_block() -> None:
    reading = read("ok 1\n  ---\n  details:\n    output: |\n      ... dots\n      ...\n      end\n"
                   "  item: a-1-1\n  type: koji_build\n  ...\n1..1\n")

    (result,) = reading.results
    assert (result.output, result.item) == ("... dots\n...\nend", "a-1-1")


def test_an_empty_block_says_nothing() -> None:
    reading = read("ok 1\n  ---\n  ...\nok 2\n  ---\n  # nothing\n  ...\n1..2\n")

    assert (len(reading.results), reading.faults) == (2, ())


def test_a_log_line_before_the_version_line_does_not_turn_blocks_off() -> None:
    reading = read("TAP version 13\nok 1\n  ---\n  item: a-1-1\n  type: koji_build\n  ...\n1..1\n",
                   version="starting up\n")

    assert [result.item for result in reading.results] == ["a-1-1"]
    assert [str(fault) for fault in reading.faults] == ["line 1: `starting up` is no TAP"]


def test_a_list_line_after_a_test_is_no_block() -> None:
    reading = read("ok 1\n  - one\n  - two\nok 2\n1..2\n")

    assert (len(reading.results), reading.unknown_lines) == (2, 2)


def test_unreadable_yaml_is_a_fault_and_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    reading = read("ok 1\n  ---\n  item: [a\n  ...\n1..1\n")

    assert [str(fault) for fault in reading.errors] == [
        "line 5: the block is no YAML: did not find expected ',' or ']'; the fields of this result are lost"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("said", [
    "1.10", "NO", "2024-01-01", "0x10", "1_000", "12:30:45", "1e3", "yes", ".inf", "0o7", "=", "<<"])
@pytest.mark.parametrize("layout", ["  {}: {}\n", "  {}:   {}\n"], ids=["short way", "through libyaml"])
def test_text_stays_the_text_that_stands_there(said: str, layout: str) -> None:
    fields = "".join(layout.format(key, said) for key in ("item", "type", "summary", "scenario"))

    (result,) = read(f"ok 1\n  ---\n{fields}  ...\n1..1\n").results

    assert (result.item, result.item_type, result.summary, result.extra["scenario"]) == (said, said, said, (said,))


def test_an_older_version_is_a_warning_not_a_crash() -> None:
    reading = read("ok 1\n1..1\n", version="TAP version 12\n")

    assert len(reading.results) == 1
    assert [str(fault) for fault in reading.faults] == ["line 1: TAP version 12; read as 13"]


def test_an_escaped_hash_is_text() -> None:
    reading = read("ok 1 - c for dist-git commit rpms/gcc\\#fe7f1a5c2b\nok 2 - a\\\\b \\# SKIP not\n1..2\n")

    assert [(result.item, result.outcome) for result in reading.results] == [
        ("rpms/gcc#fe7f1a5c2b", Outcome.PASSED), ("xchat-0.5-1.fc20", Outcome.PASSED)]


@pytest.mark.parametrize("line", ["pragma +strict", "    ok 1 - part", "# Subtest: x", "Bail out! now", "bail out!"])
def test_lines_that_are_tap_are_not_unknown(line: str) -> None:
    assert read(f"{line}\nok 1\n1..1\n").unknown_lines == 0


def test_what_perls_own_test_library_writes_is_read_whole(tmp_path: Path) -> None:
    assert shutil.which("perl"), "perl is not installed: apt-get install perl"
    script = tmp_path / "test.pl"
    script.write_text("""
        use Test::More;
        ok(1, 'plain # hash');
        subtest 'inner' => sub {
            plan tests => 3; ok(1, 'a'); ok(0, 'b'); subtest 'deeper' => sub { ok(1); done_testing };
        };
        TODO: { local $TODO = 'later'; ok(0, 'not yet') }
        SKIP: { skip 'no network', 1 }
        done_testing;
    """)
    written = subprocess.run(["perl", str(script)], capture_output=True, timeout=30, check=False).stdout

    reading = read_tap(written, testcase="dist.sample", item=Item("xchat-0.5-1.fc20", "koji_build"))

    assert [(result.outcome, result.summary, result.output) for result in reading.results] == [
        (Outcome.PASSED, "plain # hash", None), (Outcome.FAILED, "inner", "not ok 2 - b"),
        (Outcome.INFO, "to do: later", None), (Outcome.INFO, "skipped: no network", None)]
    assert (reading.plan, reading.errors) == (4, ())
