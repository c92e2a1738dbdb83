"""The reference of check files and directives, and the JSON Schema for editors: both made from the tables of keys."""
from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Iterator
from typing import Any

from checks.item import ITEM_TYPES
from checks.kind import Either, ListOf
from checks.record import Key, Record
from checks.schema import ACTION, CHECK
from runner.all_directives import INTERNAL, directive_named, directive_names
from runner.directive import Directive
from runner.validation import ALWAYS


def reference() -> str:
    """Return the whole page in Markdown."""
    parts = [_HEAD, "## Keys of a check file\n", *_table(CHECK.keys)]
    for key in CHECK.keys:
        if isinstance(key.kind, Record):
            parts += [f"\n### `{key.name}`\n", f"{key.doc}\n", *_table(key.kind.keys)]
    parts += ["\n### Keys of an action beside its directive\n", *_table(ACTION.keys), _VARIABLES, _variables(),
              "\n## Item types\n", "| type | means | example |\n| --- | --- | --- |"]
    parts += [f"| `{kind.name}` | {kind.wording} | `{kind.example}` |" for kind in ITEM_TYPES.values()]
    parts.append("\n## Directives\n")
    for name in directive_names():
        if name not in INTERNAL:
            parts += list(directive_page(directive_named(name)))
    return "\n".join(parts) + "\n"


def directive_page(directive: type[Directive]) -> Iterator[str]:
    """Yield the lines about one directive."""
    needs = ", ".join(f"`{need.replace('|', '` or `')}`" for need in directive.needs) or "nothing"
    yield f"### `{directive.name}`\n"
    yield f"{inspect.getdoc(directive)}\n"
    yield f"Version {directive.VERSION}; needs {needs}.\n"
    if directive.PARAMETERS.keys:
        yield from _table(directive.PARAMETERS.keys)
    for group in directive.PARAMETERS.one_of:
        yield f"\nExactly one of {', '.join(f'`{name}`' for name in group)}."
    if directive.PARAMETERS.is_open:
        yield "\nFurther keys are passed on."
    returns = inspect.getdoc(directive.run) or ""
    yield f"\nReturns: {returns.removeprefix('Return ').strip()}\n"
    example = {key.name: key.example for key in directive.PARAMETERS.keys if key.example is not None}
    groups = [name for group in directive.PARAMETERS.one_of for name in group[1:]]
    example = {name: value for name, value in example.items() if name not in groups}
    if example:
        yield f"```yaml\n- {directive.name}: {json.dumps(example, ensure_ascii=False)}\n```\n"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a check file."""
    schema = CHECK.json_schema()
    action = ACTION.json_schema()
    for name in directive_names():
        if name not in INTERNAL:
            directive = directive_named(name)
            own = _with_variables(directive.PARAMETERS.json_schema())
            action["properties"][name] = {"anyOf": [own, {"type": ["array", "string"]}],
                                          "description": (inspect.getdoc(directive) or "").splitlines()[0]}
    action["additionalProperties"] = False
    for name in ("actions", "task"):
        schema["properties"][name] = {"type": "array", "items": action,
                                      "description": schema["properties"][name]["description"]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Checkotron check"} | schema


def _with_variables(schema: dict[str, Any]) -> dict[str, Any]:
    """Allow a variable wherever a parameter, or a part of one, is no free text anyway."""
    if "properties" in schema:
        return schema | {"properties": {name: _or_variable(rule) for name, rule in schema["properties"].items()}}
    if "items" in schema:
        return schema | {"items": _or_variable(schema["items"])}
    if "anyOf" in schema:
        return schema | {"anyOf": [_with_variables(rule) for rule in schema["anyOf"]]}
    if isinstance(schema.get("additionalProperties"), dict):
        return schema | {"additionalProperties": _or_variable(schema["additionalProperties"])}
    return schema


def _or_variable(schema: dict[str, Any]) -> dict[str, Any]:
    described = {"description": schema["description"]} if "description" in schema else {}
    return {"anyOf": [_with_variables(schema), {"type": "string", "pattern": r"\$"}]} | described


def _table(keys: Iterable[Key]) -> Iterator[str]:
    yield "| key | what | expected | default |\n| --- | --- | --- | --- |"
    for key in keys:
        names = " or ".join(f"`{name}`" for name in (key.name, *key.aliases))
        default = "required" if key.required else "" if key.default in (None, (), "") else f"`{_word(key.default)}`"
        example = f" Example: `{_word(key.example)}`" if key.example is not None else ""
        yield f"| {names} | {_cell(key.doc + example)} | {_cell(_expected(key))} | {default} |"


def _expected(key: Key) -> str:
    if isinstance(key.kind, Record):
        return "a mapping, see below"
    if isinstance(key.kind, ListOf) and key.name == "actions":
        return "a list of actions"
    if isinstance(key.kind, Either):
        return key.kind.words
    return key.kind.words


def _word(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:g}"
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _variables() -> str:
    return ", ".join(f"`{name}`" for name in ALWAYS if name not in ("jobid", "uuid"))


_HEAD = """# Check files and directives

Made by `checkotron checks docs`; the tables are those the runner validates with.

A check is a folder with `<name>.yml`, its scripts and a README. It runs in one of three ways: a list of `actions`,
each a directive with arguments; `run: {using: command, command: ...}`; or
`run: {using: python-function, file: ...}`.
"""
_VARIABLES = """
### Variables

`$name`, `${name}` and `${name.key}` are filled in; `$$` is a dollar sign. A value that is exactly one variable
passes the object itself. In a text for the shell (`command: "..."`) nothing is written into the text: the shell finds
the variables in its environment, so no value is ever read as code. An action's `export` adds a variable. Always there,
beside the item under the name of its type:
"""
