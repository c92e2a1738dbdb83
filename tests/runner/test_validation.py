"""Faults of a check against the directives there are, before anything runs."""
from __future__ import annotations

from pathlib import Path

import pytest

from checks.description import CheckFileError, load_check
from checks.item import ITEM_TYPES
from runner.all_directives import directive_names
from runner.lint import advice_for, faults_in
from runner.validation import ALWAYS, faults_for, faults_of, find, input_faults
from tests.support.checkotron_process import run_check, write_check


def faults(folder: Path, text: str, **files: str) -> list[str]:
    found = faults_of(load_check(write_check(folder / "x", text, **files)))
    return [str(fault).partition("x.yml:")[2] for fault in found]


def test_every_action_is_looked_at(tmp_path: Path) -> None:
    there = (f"known here: {', '.join(sorted({*ALWAYS, *ITEM_TYPES, 'bodhi_id'}))}. "
             "A dollar sign that is meant as such is written `$$`")

    assert faults(tmp_path, """\
actions:
  - koij: {}
  - koji: {action: download, arhc: x86_64, koji_build: "${koji_bild}"}
  - koji: {action: download_tag}
  - command: {run: ["echo", "${nothing}"], timeout: soon}
  - create_report: {results: x, file: y}
""") == [
        "3, actions[0].koij: unknown directive `koij`; did you mean `koji`? known: "
        + ", ".join(name for name in directive_names() if name != "check_command"),
        "4, actions[1].koji.arhc: unknown key `arhc`; did you mean `arch`? known: action, koji_build, koji_tag, arch, "
        "arch_exclude, src, debuginfo, build_log, target_dir, store, hub",
        f"4, actions[1].koji: unknown variable `koji_bild`; did you mean `koji_build`? {there}",
        "5, actions[2].koji: `koji_tag` is missing; `action: download_tag` needs it",
        "6, actions[3].command.timeout: `soon` is not allowed here; expected a time above 0 and up to a week: seconds, "
        "or such as `20 min`, `2h`",
        f"6, actions[3].command: unknown variable `nothing`; {there}",
        "7, actions[4].create_report: more than one of `results`, `file` is there; expected exactly one"]


def test_faults_of_the_form_and_of_the_actions_are_told_together(tmp_path: Path) -> None:
    folder = write_check(tmp_path / "x", """\
descripton: x
name: twice
resources: !!python/object:os.system x
input: {item_type: koji_bild}
actions:
  - nmae: fetch
    koji: {action: download_tag, arhc: x86_64, koji_build: "${koji_bild}"}
    export: 1x
  - 5
  - {koij: {}, bodhi: {}}
  - command: [echo, "${nothing}"]
    timeout: never
""")

    with pytest.raises(CheckFileError) as caught:
        find(str(folder), [])

    told = [str(fault).partition("x.yml:")[2] for fault in caught.value.faults]
    assert [line.partition("; ")[0] for line in told] == [
        "2, descripton: unknown key `descripton`",
        "3, name: key `name` stands twice",
        "4, resources: tag `tag:yaml.org,2002:python/object:os.system` is not allowed",
        "5, input.item_type[0]: `koji_bild` is not allowed here",
        "7, actions[0].nmae: unknown key `nmae`",
        "8, actions[0].koji.arhc: unknown key `arhc`",
        "8, actions[0].koji: `koji_tag` is missing",
        "8, actions[0].koji: unknown variable `koji_bild`",
        "9, actions[0].export: `1x` is not allowed here",
        "10, actions[1]: `5` (a number) is not allowed here",
        "11, actions[2]: expected exactly one directive beside `name` and `export`, found `koij` and `bodhi`",
        "12, actions[3].command: unknown variable `nothing`",
        "13, actions[3].timeout: `never` is not allowed here"]


def test_one_fault_brings_no_second_one_with_it(tmp_path: Path) -> None:
    folder = write_check(tmp_path / "x", """\
run: {using: python-function, file: v.py, arguments: {item: x}, timout: 3}
caches: [a b]
shares: ../x
""", v="def run(item): return '1..0'")

    with pytest.raises(CheckFileError) as caught:
        find(str(folder), [])

    assert [fault.path for fault in caught.value.faults] == [("run", "timout"), ("caches", 0), ("shares",)]


def test_a_value_that_is_no_plain_data_is_not_told_as_missing_too(tmp_path: Path) -> None:
    folder = write_check(tmp_path / "x", "name: !!python/object:os.system x\nactions: [{dummy: {}}]\n")

    with pytest.raises(CheckFileError) as caught:
        find(str(folder), [])

    assert [(fault.path, fault.message.partition("`")[0]) for fault in caught.value.faults] == [(("name",), "tag ")]


def test_the_library_tells_the_faults_of_every_broken_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_check(tmp_path / "all" / "x", "bogus: 1\nactions: [{koij: {}}]\n")
    monkeypatch.setenv("CHECKOTRON_CHECKS", str(tmp_path / "all"))

    found, _, _ = faults_in([])

    assert [fault.path for fault in found] == [("bogus",), ("actions", 0, "koij")]


def test_the_wrong_item_and_a_wrong_action_are_told_together(tmp_path: Path) -> None:
    check = load_check(write_check(tmp_path / "x", "input: {item_type: koji_build}\nactions: [{koij: {}}]\n"))

    assert [fault.path for fault in faults_for(check, "bodhi_update")] == [("input",), ("actions", 0, "koij")]


def test_a_variable_is_known_only_after_its_action(tmp_path: Path) -> None:
    early, = faults(tmp_path, "actions:\n  - dummy: {msg: '${out}'}\n  - {command: 'true', export: out}\n"
                    "  - dummy: {msg: '${out}'}\n")

    assert early.startswith("3, actions[0].dummy: unknown variable `out`")


def test_names_in_a_text_for_the_shell_are_the_shells(tmp_path: Path) -> None:
    assert faults(tmp_path, "actions:\n  - command: 'echo $HOME ${PATH:-x}'\n  - command: {run: 'echo $HOME'}\n"
                  "  - shell: ['echo $HOME', {ignorereturn: ['echo $HOME']}]\n") == []
    assert len(faults(tmp_path / "b", "actions:\n  - command: [echo, $HOME]\n  - shell: [[echo, $HOME]]\n")) == 2


@pytest.mark.parametrize(("source", "arguments", "sentences"), [
    ("def run(rpms, item): pass", "rpms: a", []),
    ("def run(rpms): pass", "rmps: a", ["`run` in `v.py` takes no `rmps`; did you mean `rpms`? it takes `rpms`",
                                        "`run` in `v.py` needs `rpms`, which is not given"]),
    ("def run(*, rpms, more=1): pass", "more: a", ["`run` in `v.py` needs `rpms`, which is not given"]),
    ("def run(**anything): pass", "x: a", []),
    ("def run(): pass", "x: a", ["`run` in `v.py` takes no `x`; it takes no argument"]),
    ("async def run(item): pass", "item: a", []),
    ("run = make()", "x: a", []), ("@wrap\ndef run(): pass", "x: a", []), ("def run(:", "x: a", []),
    ("def run(): pass\nrun = other", "x: a", []),
])
def test_arguments_of_a_function_are_compared_without_importing_it(source: str, arguments: str, sentences: list[str],
                                                                   tmp_path: Path) -> None:
    text = f"actions:\n  - python: {{file: v.py, {arguments}}}\n"

    assert [fault.partition("actions[0].python: ")[2] for fault in faults(tmp_path, text, v=source)] == sentences


def test_a_function_gets_what_it_names_without_asking(tmp_path: Path) -> None:
    source = ("async def run(item, arch, workdir, testcase, artifactsdir):\n"
              "    return [{'outcome': 'INFO', 'summary': f'{item} {arch} {testcase}'}]\n")
    check = write_check(tmp_path / "x", "run: {using: python-function, file: v.py}\n", v=source)

    ran = run_check(check, tmp_path / "out", "--arch", "x86_64")

    assert ran.results[0].summary == "xchat-0.5-1.fc20 x86_64 scratch.x"


def test_an_item_of_another_type_is_a_fault(tmp_path: Path) -> None:
    check = load_check(write_check(tmp_path / "x", "input: {args: [koji_build, arch]}\nactions: [{dummy: {}}]\n"))

    assert input_faults(check, "koji_build") == []
    assert "check `x` takes `koji_build`, not `bodhi_update`" in str(input_faults(check, "bodhi_update")[0])


def test_advice_says_what_could_be_better(tmp_path: Path) -> None:
    check = load_check(write_check(tmp_path / "x", "actions: [{dummy: {}}]\n"))

    assert [fault.message.partition(";")[0] for fault in advice_for(check)] == [
        "`description` is missing", "`maintainer` is missing", "no action says which results go out",
        "`input.item_type` is missing"]
