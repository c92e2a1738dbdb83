"""
Runs short statements on a psycopg connection through its libpq layer (psycopg.org, "pq: libpq wrapper module").

The same prepared statements as psycopg's cursors make, at a third of their
processor time: parameters go as text whose types the server infers, and the
answer has few types. One thread at a time, outside of any cursor.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from psycopg import Connection, Error, OperationalError, errors
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGresult

Row = tuple[Any, ...]
Loader = Callable[[bytes], Any]

#: Statements kept prepared; the texts differ by the number of conditions, so there are few hundreds at most.
_PREPARED = 300
#: Type to reader of its text form; every other type is text.
_LOADERS: dict[int, Loader] = {
    16: lambda value: value == b"t", 20: int, 21: int, 23: int,
    17: lambda value: bytes.fromhex(value[2:].decode())}


class Statements:
    """The prepared statements of one connection."""

    def __init__(self, connection: Connection[Row]) -> None:
        self.connection = connection
        self._pgconn = connection.pgconn
        self._names: dict[str, bytes] = {}

    @property
    def is_lost(self) -> bool:
        """True where the server has gone."""
        return self.connection.closed or self._pgconn.status == ConnStatus.BAD

    def run(self, text: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Return all rows of a statement with `?` for parameters. Raises psycopg.Error."""
        name = self._names.get(text) or self._prepare(text)
        # the stub of psycopg forgets that a parameter may be NULL
        values: list[Any] = [_dumped(value) for value in parameters]
        result = self._pgconn.exec_prepared(name, values)
        if result.status == ExecStatus.TUPLES_OK:
            loaders = [_LOADERS.get(result.ftype(column), _text) for column in range(result.nfields)]
            get = result.get_value
            return [tuple([None if (value := get(row, column)) is None else load(value)
                           for column, load in enumerate(loaders)]) for row in range(result.ntuples)]
        if result.status == ExecStatus.COMMAND_OK:
            return []
        raise self._error(result)

    def _prepare(self, text: str) -> bytes:
        if len(self._names) >= _PREPARED:
            self.forget()
            self.command("DEALLOCATE ALL")
        name = b"s%d" % len(self._names)
        numbered = "".join(part if number == 0 else f"${number}{part}" for number, part in enumerate(text.split("?")))
        result = self._pgconn.prepare(name, numbered.encode())
        if result.status != ExecStatus.COMMAND_OK:
            raise self._error(result)
        self._names[text] = name
        return name

    def command(self, text: str) -> None:
        """Run statements without parameters or rows. Raises psycopg.Error."""
        result = self._pgconn.exec_(text.encode())
        if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
            raise self._error(result)

    def _error(self, result: PGresult) -> Error:
        """Return what went wrong; a lost connection is always an OperationalError."""
        if self.is_lost:
            return OperationalError(self._pgconn.error_message.decode("utf-8", "replace"))
        return errors.error_from_result(result)

    def forget(self) -> None:
        """Prepare every statement anew from now on."""
        self._names.clear()


def _text(value: bytes) -> str:
    return value.decode()


def _dumped(value: Any) -> bytes | None:
    """Return the text form of a parameter."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, int):
        return b"%d" % value
    if isinstance(value, bytes):
        return b"\\x" + value.hex().encode()
    return b"{" + b",".join(map(_element, value)) + b"}"


def _element(value: Any) -> bytes:
    """Return an element of an array; quoted, so that nothing in it is read as part of the array."""
    text = _dumped(value)
    if text is None:
        return b"NULL"
    return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
