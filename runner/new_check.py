"""A new check from a template: YAML, script, README and a test that runs it."""
from __future__ import annotations

import re
from pathlib import Path

import click

from checks.item import ITEM_TYPES, ItemError, item_type
from checks.schema import NAME

_YAML = """\
name: {name}
namespace: scratch
description: Says what {name} finds, in one sentence.
maintainer: {maintainer}

input:
  item_type: {item_type}

"""
_BODIES = {
    "python-function": """\
run:
  using: python-function
  file: {module}.py
  arguments: {{item: "${{item}}"}}
""",
    "command": """\
run:
  using: command
  command: 'test -n "$item"'
""",
    "directives": """\
actions:
  - name: look at the item
    python: {{file: {module}.py, callable: run, item: "${{item}}"}}
    export: results

  - name: say which results go out
    resultsdb: {{results: "${{results}}"}}
""",
}
_SCRIPT = '''\
"""{name}: looks at one item and says what it found."""
from __future__ import annotations


def run(item: str) -> list[dict[str, object]]:
    """Return one result for the item."""
    is_good = not item.startswith("-")
    return [{{
        "outcome": "PASSED" if is_good else "FAILED",
        "summary": "nothing found" if is_good else "the name begins with a dash",
        "output": f"looked at {{item}}",
    }}]
'''
_README = """\
# {name}

What it finds, and what to do about it.

    checkotron run {name} --item {example} --item-type {item_type}
"""
_TEST = '''\
"""Runs the check as everybody does, and reads what it said."""
import json
import subprocess
from pathlib import Path


def test_{module}_says_something_about_an_item(tmp_path):
    done = subprocess.run(
        ["checkotron", "run", str(Path(__file__).parent), "--item", "{example}", "--item-type", "{item_type}",
         "--executor", "local", "--artifacts", str(tmp_path), "--json"], capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert answer["execution"]["execution_status"] == "OK"
    assert [result["outcome"] for result in answer["results"]] == ["PASSED"]
'''


class NewCheckError(click.ClickException):
    """Raised when the check cannot be made: a wrong name, or something is there already."""

    exit_code = 2


def make_check(folder: Path, name: str, kind: str, using: str) -> Path:
    """Write the files of a new check into a new folder; return it. Raises NewCheckError."""
    if not re.fullmatch(NAME, name, re.ASCII):
        raise NewCheckError(f"`{name}` is no name of a check; expected letters, digits and . _ + - only")
    try:
        item_type(kind)
    except ItemError as error:
        raise NewCheckError(str(error)) from None
    if folder.exists():
        raise NewCheckError(f"{folder}: is there already; choose another name or folder")
    module = re.sub(r"\W", "_", name)
    words = {"name": name, "module": module, "item_type": kind, "example": ITEM_TYPES[kind].example,
             "maintainer": "you"}
    files = {f"{name}.yml": _YAML + _BODIES[using], "README.md": _README, f"test_{module}.py": _TEST}
    if using != "command":
        files[f"{module}.py"] = _SCRIPT
    try:
        folder.mkdir(parents=True)
        for file_name, text in files.items():
            (folder / file_name).write_text(text.format(**words), encoding="utf-8")
    except OSError as error:
        raise NewCheckError(f"{error.filename}: {error.strerror}") from None
    return folder
