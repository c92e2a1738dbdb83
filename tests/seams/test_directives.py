"""What every directive of the list must hold, whatever it does."""
from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from checks.document import load_document
from runner.all_directives import (
    DIRECTIVES,
    ENTRY_POINTS,
    DirectiveClashError,
    UnknownDirectiveError,
    directive_named,
    directive_names,
    directives_of_others,
)
from runner.capabilities import analyse
from runner.directive import Directive, ParametersError
from runner.reference import directive_page

every_directive = pytest.mark.parametrize("name", DIRECTIVES)
#: Needed because of another parameter's example.
_ALSO = {"koji": {"koji_build"}}
#: Directives that take a text or a list as well, and one whose further parameters are its function's.
_SHORT_FORMS = ("command", "shell", "check_command")
#: What touches the machine; imports are let through by their names.
_TOUCHES = ("open", "os.", "subprocess.", "socket.", "shutil.", "glob.", "pathlib.", "tempfile.")
_heard: list[str] | None = None


def _listen(event: str, arguments: tuple[Any, ...]) -> None:
    if _heard is not None and event.startswith(_TOUCHES):
        _heard.append(f"{event} {arguments!r}"[:200])


sys.addaudithook(_listen)


@contextmanager
def listening() -> Iterator[list[str]]:
    """Give a list of what was done to files, processes and the network inside the `with`."""
    global _heard
    _heard = heard = []
    try:
        yield heard
    finally:
        _heard = None


def examples(directive: type[Directive], *more: str) -> dict[str, Any]:
    """Return the parameters that the docs show: those that are needed, the first of each choice, and `more`."""
    table = directive.PARAMETERS
    wanted = {key.name for key in table.keys if key.required} | {group[0] for group in table.one_of} | set(more)
    wanted |= _ALSO.get(directive.name, set())
    for group in table.one_of:
        if chosen := set(group) & set(more):
            wanted -= set(group) - chosen
    return {key.name: key.example for key in table.keys if key.name in wanted}


def faults_of(directive: type[Directive], parameters: Any) -> list[str]:
    """Return what is wrong with parameters that may have variables in them."""
    try:
        directive(parameters, variables=True)
    except ParametersError as error:
        return [fault.message for fault in error.faults]
    return []


@every_directive
def test_it_stands_under_its_own_name(name: str) -> None:
    directive = directive_named(name)

    assert directive.name == name
    assert directive_named(name.upper()) is directive
    assert directive.run is not Directive.run


@every_directive
def test_it_has_a_version_and_says_what_it_is_for(name: str) -> None:
    directive = directive_named(name)

    assert isinstance(directive.VERSION, int)
    assert directive.VERSION >= 1
    assert len((directive.__doc__ or "").split()) >= 4
    assert (directive.run.__doc__ or "").strip()


@every_directive
def test_every_parameter_has_a_sentence_and_an_example(name: str) -> None:
    for key in directive_named(name).PARAMETERS.keys:
        assert key.doc.strip().endswith("."), key.name
        assert key.example is not None, key.name


@every_directive
def test_its_examples_are_valid(name: str) -> None:
    directive = directive_named(name)

    directive(examples(directive), variables=True)


@every_directive
def test_each_single_example_is_valid(name: str) -> None:
    """With what it needs beside it: a parameter that excludes others says so, naming them."""
    directive = directive_named(name)
    for key in directive.PARAMETERS.keys:
        faults = faults_of(directive, examples(directive, key.name))
        assert all("leave" in fault or "set `" in fault for fault in faults), key.name


@every_directive
def test_the_example_on_its_page_is_a_valid_action(name: str) -> None:
    page = "\n".join(directive_page(directive_named(name)))
    [(said, parameters)] = load_document(page.partition("```yaml\n")[2].partition("```")[0], "page").data[0].items()

    assert said == name
    assert faults_of(directive_named(name), parameters) == []


@every_directive
def test_its_table_is_a_json_schema(name: str) -> None:
    schema = json.loads(json.dumps(directive_named(name).PARAMETERS.json_schema()))

    assert schema["type"] == "object"
    assert set(schema["properties"]) >= {key.name for key in directive_named(name).PARAMETERS.keys}


@pytest.mark.parametrize("name", [name for name in DIRECTIVES if name != "python"])
def test_an_unknown_parameter_is_told_with_the_nearest_one(name: str) -> None:
    """Further parameters of `python` are arguments of the check's own function."""
    directive = directive_named(name)
    key = directive.PARAMETERS.keys[0].name

    with pytest.raises(ParametersError) as caught:
        directive(examples(directive) | {f"{key}x": 1, "\x1b[31m": 2}, variables=True)

    assert f"unknown key `{key}x`; did you mean `" in str(caught.value)
    assert "\x1b" not in str(caught.value)


@every_directive
@pytest.mark.parametrize("parameters", [17, "\0", [[[]]], {"a": {"b": "c"}}, {1: 2}, {None: None}, [None], True])
def test_parameters_that_are_none_are_a_fault_and_no_traceback(name: str, parameters: Any) -> None:
    directive = directive_named(name)
    if directive.PARAMETERS.is_open and isinstance(parameters, dict):
        parameters = {"file": parameters}
    assert faults_of(directive, parameters) or name in _SHORT_FORMS


@every_directive
def test_being_made_and_deciding_touches_nothing(name: str) -> None:
    """The master does both, for workers that it only knows by their capabilities."""
    directive = directive_named(name)
    capabilities = analyse()
    parameters = examples(directive)
    directive(parameters, variables=True).can_run_on(capabilities)

    with listening() as heard:
        directive(parameters, variables=True).can_run_on(capabilities)

    assert heard == []


@every_directive
def test_it_answers_with_reasons(name: str) -> None:
    directive = directive_named(name)
    made = directive(examples(directive), variables=True)
    own = directive.analyse_worker()
    complete = own | {directive.prefix("missing"): []}

    assert made.can_run_on({}) != ()
    assert any("version" in reason for reason in
               made.can_run_on(complete | {directive.prefix("version"): directive.VERSION + 1}))
    assert any("`no-such-program`" in reason for reason in
               made.can_run_on(complete | {directive.prefix("missing"): ["no-such-program"]}))
    assert all(isinstance(reason, str) for reason in made.can_run_on(complete))


@every_directive
def test_what_it_says_of_a_worker_is_plain_data_under_its_own_keys(name: str) -> None:
    directive = directive_named(name)

    found = directive.analyse_worker()

    assert all(key.startswith(f"directive:{name}:") for key in found)
    assert json.loads(json.dumps(found)) == found
    assert found[f"directive:{name}:version"] == directive.VERSION


@every_directive
def test_it_can_be_imported_without_the_runner(name: str) -> None:
    """Somebody's script may use a directive and nothing else of ours."""
    code = (f"import json, sys, {DIRECTIVES[name][0]}; import runner.directive; "
            "print(json.dumps(sorted(sys.modules)))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))

    assert loaded & {"runner.run", "runner.stages", "runner.interpreter", "runner.settings", "runner.cli"} == set()
    assert loaded & {"requests", "koji", "debian"} == set(), "what takes time to load is loaded when it is used"


def test_the_list_is_in_order_and_each_file_is_there() -> None:
    assert list(DIRECTIVES) == sorted(DIRECTIVES)
    assert directive_names() == list(DIRECTIVES)
    for module, attribute in DIRECTIVES.values():
        assert issubclass(getattr(importlib.import_module(module), attribute), Directive)


def test_an_unknown_directive_is_told_with_the_nearest_one() -> None:
    with pytest.raises(UnknownDirectiveError) as caught:
        directive_named("koij")

    assert str(caught.value).startswith("unknown directive `koij`; did you mean `koji`? known: ")


class _Point:
    group, name, value = ENTRY_POINTS, "theirs", "theirs:Theirs"

    def __init__(self, name: str, found: object) -> None:
        self.name, self._found = name, found

    def load(self) -> object:
        return self._found


def test_directives_of_installed_packages_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    class Theirs(Directive):
        """Do what they want."""

        name = "theirs"

        def run(self, context: object) -> None:
            """Do it."""

    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [_Point("theirs", Theirs)])

    assert directive_named("theirs") is Theirs
    assert "theirs" in directive_names()


@pytest.mark.parametrize(("name", "found", "words"), [
    ("koji", object, "is there already"), ("x", object, "is no directive"), ("x", Directive, "is no directive")])
def test_a_directive_of_others_that_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, found: object,
                                                         words: str) -> None:
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [_Point(name, found)])

    with pytest.raises(DirectiveClashError, match=words):
        directives_of_others()


def test_the_suite_sees_what_a_directive_does() -> None:
    """The suite's own means: without this, silence could be deafness."""
    capabilities: Mapping[str, Any] = {}
    with listening() as heard:
        directive_named("dummy").analyse_worker()
        open("/dev/null").close()

    assert any("/dev/null" in event for event in heard)
    assert capabilities == {}
