"""What a hostile stream can do to the reader: nothing but be told so."""
import subprocess
import sys
import time

from checks.item import Item
from checks.outcome import Outcome
from checks.tap import TapLimits, TapReading, read_tap

XCHAT = Item("xchat-0.5-1.fc20", "koji_build")


def read(text: str | bytes, **limits: int) -> TapReading:
    return read_tap(text, testcase="dist.sample", item=XCHAT, limits=TapLimits(**limits))


def block(text: str) -> str:
    lines = "".join(f"  {line}\n" for line in text.splitlines())
    return f"TAP version 13\nok 1\n  ---\n{lines}  ...\nok 2\n1..2\n"


def errors(reading: TapReading) -> list[str]:
    return [str(fault) for fault in reading.errors]


def test_a_yaml_bomb_is_not_written_out() -> None:
    rows = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    rows += [f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]"
             for before, name in zip("abcdefgh", "bcdefghi", strict=True)]

    reading = read(block("\n".join(rows)))

    assert errors(reading) == [
        "line 8: more than 10000 values, aliases written out; the fields of this result are lost"]
    assert [r.outcome for r in reading.results] == [Outcome.NEEDS_INSPECTION, Outcome.PASSED]


def test_more_aliases_than_allowed_are_refused() -> None:
    reading = read(block("a: &a x\nb: [" + ", ".join(["*a"] * 101) + "]"))

    assert errors(reading) == ["line 5: more than 100 aliases; the fields of this result are lost"]


def test_an_alias_of_itself_names_nothing() -> None:
    assert errors(read(block("a: &a [*a]"))) == [
        "line 4: alias `a` names nothing before it; the fields of this result are lost"]


def test_depth_is_limited() -> None:
    assert errors(read(block("a: " + "[" * 100_000))) == [
        "line 4: more than 32 lists and mappings within each other; the fields of this result are lost"]


def test_no_object_is_made_of_a_tag() -> None:
    reading = read(block("a: !!python/object/apply:os.system ['touch /tmp/owned']\nb: !mine x"))

    assert errors(reading) == ["line 5: tag `!mine` is not allowed; the fields of this result are lost"]


def test_a_key_that_stands_twice_is_an_error() -> None:
    assert errors(read(block("item: a-1-1\nitem: b-1-1"))) == [
        "line 5: key `item` stands twice; the fields of this result are lost"]


def test_a_block_that_cannot_be_read_is_kept_as_output() -> None:
    reading = read(block("item: [a-1-1\ntype: koji_build"))

    result = reading.results[0]
    assert (result.outcome, result.output) == (Outcome.NEEDS_INSPECTION, "item: [a-1-1\ntype: koji_build")
    assert result.summary == "the details of this result cannot be read"


def test_a_long_block_is_passed_over_and_what_follows_is_read() -> None:
    for content in ("log: " + "x" * 3_000_000, "# comment\n" * 400_000):
        reading = read(block(content))

        assert errors(reading) == [
            "line 4: the block is longer than 1048576 characters; the fields of this result are lost"]
        assert [r.outcome for r in reading.results] == [Outcome.NEEDS_INSPECTION, Outcome.PASSED]


def test_a_line_without_end_is_passed_over() -> None:
    reading = read("TAP version 13\nok 1\n" + "x" * 5_000_000 + "\nok 2\n1..2\n")

    assert len(reading.results) == 2
    assert reading.unknown_lines == 1


def test_the_whole_stream_is_limited() -> None:
    reading = read("TAP version 13\n" + "ok\n" * 1000, total_bytes=315)

    assert len(reading.results) == 100
    assert errors(reading) == ["line 102: more than 315 bytes; the rest is not read"]


def test_the_number_of_results_is_limited() -> None:
    reading = read("TAP version 13\n" + "ok\n" * 20, results=10)

    assert len(reading.results) == 10
    assert errors(reading) == ["line 12: more than 10 test lines; the rest is not read"]


def test_faults_are_limited_and_counted() -> None:
    reading = read("TAP version 13\n" + "ok 9\n" * 250)

    assert len(reading.faults) == 101
    assert str(reading.faults[-1]) == "line 252: 150 more faults are not listed"


def test_extra_keys_are_limited_and_renamed_where_a_database_refuses_them() -> None:
    reading = read(block("a:b: 1\n" + "\n".join(f"k{n}: v" for n in range(100))))

    assert reading.results[0].extra["a_b"] == ("1",)
    assert [fault.message for fault in reading.faults] == [
        "key `a:b` has a colon, which results databases refuse; renamed to `a_b`",
        "more than 100 extra keys; 1 are left out, the first is `k99`"]


def test_hostile_streams_take_linear_time() -> None:
    """Each is about 1 MB and would take hours if any pattern went back over what it has read."""
    hostile = {
        "blank lines that are also indent": "ok\n  ---\n" + "      \n" * 140_000,
        "unclosed blocks": "ok\n  ---\n" * 30_000,
        "open quotes": block('a: "' + '\\"' * 500_000),
        "comments after each test": "ok\n#\n#\n#\n" * 30_000,
        "hashes": ("ok " + "# " * 120_000 + "\n") * 40,
        "almost directives": ("ok " + "# todox " * 30_000 + "\n") * 40,
        "deep and back": "".join("    " * (n % 40) + "ok\n" for n in range(15_000)),
        "colons": block("\n".join("k: a: b" for _ in range(100_000))),
    }
    for name, text in hostile.items():
        start = time.process_time()

        read(text)

        assert time.process_time() - start < 10, name


_PEAK = """
import resource, sys
from checks.tap import TapReader

class Endless:
    left = int(sys.argv[1])

    def read(self, size):
        count = min(self.left, 2000)
        self.left -= count
        return b"ok - a\\n  ---\\n  item: xchat-0.5-1.fc20\\n  outcome: PASSED\\n  type: koji_build\\n  ...\\n" * count

assert sum(1 for _ in TapReader(Endless(), testcase="dist.sample")) == int(sys.argv[1])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_stream() -> None:
    def peak_kib(results: int) -> int:
        done = subprocess.run([sys.executable, "-c", _PEAK, str(results)], capture_output=True, check=True, timeout=60)
        return int(done.stdout)

    # 3 and 8 MB of TAP
    assert peak_kib(100_000) < 1.1 * peak_kib(40_000)
