"""What the README says, done."""
from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from checks.tap import read_tap

README = Path(__file__).resolve().parents[1] / "README.md"


def test_the_first_check_runs_as_it_stands(tmp_path: Path) -> None:
    text = README.read_text()
    found = re.search(r"^    mkdir hello.*?^    checkotron run [^\n]*\n", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    script = re.sub(r"^    ", "", found.group(), flags=re.MULTILINE)
    command = f"checkotron() {{ {sys.executable} -P -m checkotron \"$@\"; }}\n"

    done = subprocess.run(["bash", "-e", "-c", command + script], cwd=tmp_path, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
    [result] = read_tap((tmp_path / "out" / "results.tap").read_text(), testcase="scratch.hello").results
    assert (result.item, str(result.outcome)) == ("xchat-0.5-1.fc20", "PASSED")


def test_every_page_it_points_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README.read_text())

    assert links
    assert [link for link in links if "://" not in link and not (README.parent / link).exists()] == []
