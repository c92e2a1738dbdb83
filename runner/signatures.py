"""What a function of a check takes, read from its source: a check's code is never imported here."""
from __future__ import annotations

import ast
from collections.abc import Set
from pathlib import Path

from checks.kind import nearest

#: Bytes of a source file that are read; larger ones are left to the call itself.
_SOURCE_BYTES = 1024 * 1024
#: Passed without being asked for, see directives/python.py.
_OFFERED = frozenset({"item", "item_type", "arch", "build_id", "workdir", "artifactsdir", "checkdir", "testcase",
                      "caches", "secrets"})

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def wrong_arguments(path: Path, name: str, given: Set[str]) -> list[str]:
    """
    Return a sentence for each argument that the function does not take, and for each it needs and does not get.

    Empty where the source does not tell: made at run time, decorated, imported,
    or not readable; then the call itself will tell.
    """
    function = _function(path, name)
    if function is None or function.decorator_list:
        return []
    arguments = function.args
    plain = [argument.arg for argument in (*arguments.args, *arguments.kwonlyargs)]
    sentences = []
    if not arguments.kwarg:
        for wrong in sorted(given - set(plain)):
            takes = ", ".join(f"`{argument}`" for argument in plain) or "no argument"
            hint = nearest(wrong, plain) or ";"
            sentences.append(f"`{name}` in `{path.name}` takes no `{wrong}`{hint} it takes {takes}")
    needed = [argument.arg for argument in arguments.args[:len(arguments.args) - len(arguments.defaults)]]
    needed += [argument.arg for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
               if default is None]
    sentences += [f"`{name}` in `{path.name}` needs `{missing}`, which is not given"
                  for missing in needed if missing not in given and missing not in _OFFERED]
    return sentences


def _function(path: Path, name: str) -> _Function | None:
    """Return the one top-level function of that name."""
    try:
        source = path.read_bytes()
        tree = ast.parse(source) if len(source) <= _SOURCE_BYTES else None
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if tree is None:
        return None
    found = [node for node in tree.body if isinstance(node, _Function) and node.name == name]
    other = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name
             and isinstance(node.ctx, ast.Store)]
    return found[0] if len(found) == 1 and not other else None
