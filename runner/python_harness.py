"""
Calls one function of a check. Runs in a process of its own, wherever the check may run; uses the standard library only.

    python python_harness.py EXCHANGE

EXCHANGE/call.json says what to call; the answer is EXCHANGE/answer.json, and
EXCHANGE/answer.txt where the function returned text. What the function prints
goes to the command's log. Exit code 1 where it raised.
"""
from __future__ import annotations

import asyncio
import dataclasses
import importlib.util
import inspect
import json
import os
import sys
import traceback
import typing


def main(exchange: str) -> int:
    """Call the function and write the answer; return the exit code."""
    with open(os.path.join(exchange, "call.json"), encoding="utf-8") as file:
        call = json.load(file)
    try:
        value = invoke(load(call["folder"], call["file"], call["callable"]), call["arguments"], call["offered"])
        answer = answer_of(value, exchange)
    except SystemExit as error:
        answer = {"error": f"it called sys.exit({error.code!r}); a check returns its results"}
    except BaseException as error:
        frames = error.__traceback__
        while frames is not None and frames.tb_frame.f_code.co_filename == __file__ and frames.tb_next is not None:
            frames = frames.tb_next
        traceback.print_exception(error.with_traceback(frames))
        last = traceback.extract_tb(error.__traceback__)[-1]
        name = os.path.basename(last.filename)
        answer = {"error": f"{type(error).__name__}: {error} ({name}:{last.lineno})"}
    sys.stdout.flush()
    path = os.path.join(exchange, "answer.json")
    with open(path + ".part", "w", encoding="utf-8", errors="backslashreplace") as file:
        json.dump(answer, file)
    os.replace(path + ".part", path)
    return 1 if "error" in answer else 0


def load(folder: str, file: str, name: str) -> typing.Callable[..., typing.Any]:
    """Return the function; its file can import its neighbours."""
    path = os.path.join(folder, file)
    sys.path.insert(0, os.path.dirname(path))
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location(os.path.splitext(os.path.basename(file))[0].replace("-", "_"), path)
    if spec is None or spec.loader is None or not os.path.isfile(path):
        raise FileNotFoundError(f"{file}: no such Python file in the check's folder")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    try:
        function = getattr(module, name)
    except AttributeError:
        raise NameError(f"{file} has no `{name}`") from None
    made = function() if inspect.isclass(function) else function
    return typing.cast("typing.Callable[..., typing.Any]", made)


def invoke(function: typing.Callable[..., typing.Any], arguments: dict[str, typing.Any],
           offered: dict[str, typing.Any]) -> object:
    """
    Return what the function returns; a coroutine is run to its end.

    What is offered (the item, the folders) is passed where the function names
    it and the check file does not. Wrong arguments are told by name.
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        signature = None
    if signature is not None:
        arguments = {name: offered[name] for name in signature.parameters if name in offered} | arguments
        try:
            signature.bind(**arguments)
        except TypeError as error:
            takes = ", ".join(signature.parameters) or "none"
            raise TypeError(f"{error}; the function takes: {takes}") from None
    value = function(**arguments)
    return asyncio.run(value) if inspect.iscoroutine(value) else value


def answer_of(value: object, exchange: str) -> dict[str, typing.Any]:
    """Return the answer: text goes into a file, anything else must be plain data."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        with open(os.path.join(exchange, "answer.txt"), "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(value)
        return {"text": True}
    return {"value": plain(value)}


def plain(value: object) -> object:
    """Return the value as JSON carries it. Raises TypeError: it cannot."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(part) for part in (sorted(value, key=str) if isinstance(value, (set, frozenset)) else value)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain({field.name: getattr(value, field.name) for field in dataclasses.fields(value)})
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"the function returned a {type(value).__name__}, which cannot be passed on; "
                    "return TAP, a list of results, or plain data")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
