import pty
import subprocess
import sys

from reporting.printed import console, one_line, wrapped


def test_a_strangers_words_stay_on_one_line_and_send_no_escapes() -> None:
    assert one_line("a\x1b[31m\nb\t c") == "a\\x1b[31m b c"


def test_programs_get_one_line_however_long() -> None:
    assert wrapped(console(), "word " * 100, "  - ") == "  - " + "word " * 100


def test_people_get_lines_broken_between_words_below_their_beginning() -> None:
    code = ("from reporting.printed import console, wrapped; screen = console(); screen.width = 30; "
            "print(wrapped(screen, 'the build a-very-long-name-1.2-3.fc40 waits', '  - '))")
    leader, follower = pty.openpty()
    subprocess.run([sys.executable, "-c", code], stdout=follower, check=True, timeout=60)

    with open(leader, "rb", buffering=0) as screen:
        said = screen.read(1000).decode().splitlines()

    assert said == ["  - the build", "    a-very-long-name-1.2-3.fc40", "    waits"]
