"""A piece of SQL with its parameters, and the few things the two databases say differently."""
from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

#: Leading characters of a value that its prefix index holds; longer values are compared as a whole afterwards.
HEAD_LENGTH = 120
#: So many trigrams of letters and digits leave few texts to compare.
_TELLING = 2
_WILDCARD = re.compile(r"[*%_]")


@dataclass(frozen=True, slots=True)
class Sql:
    """Text in which each `?` stands for the parameter in the same place. No value is ever part of the text."""

    text: str
    parameters: tuple[Any, ...] = ()

    def __add__(self, other: Sql) -> Sql:
        return Sql(f"{self.text} {other.text}", self.parameters + other.parameters)


def joined(parts: Iterable[Sql], word: str) -> Sql:
    """Return the parts with a word between them."""
    parts = list(parts)
    return Sql(word.join(part.text for part in parts), tuple(p for part in parts for p in part.parameters))


def all_of(parts: Sequence[Sql]) -> Sql:
    """Return a condition that holds where all parts hold; nothing to hold is true."""
    return joined(parts, " AND ") if parts else Sql("1=1")


def any_of(parts: Sequence[Sql]) -> Sql:
    """Return a condition that holds where one part holds; nothing to hold is false."""
    return Sql("(") + joined(parts, " OR ") + Sql(")") if parts else Sql("1=0")


class Dialect(Protocol):
    """Each method returns a condition, or a piece of one; `column` is always our own text."""

    #: Joins from left to right, whatever statistics say: our statements name the rarest first.
    join: str

    def is_in(self, column: str, values: Sequence[Any]) -> Sql:
        """Return: the column is one of the values (at least one)."""
        ...

    def like(self, column: str, pattern: str) -> Sql:
        """Return: the column matches the pattern (`*` and `%` any text, `_` one character), case-sensitively."""
        ...

    def head(self, column: str) -> str:
        """Return the indexed beginning of a column, written as the index writes it."""
        ...

    def pair_in(self, data: str, key: str, condition: Sql | None) -> Sql:
        """Return: the JSON text in column `data` has a value `v.value` of that key that meets the condition."""
        ...

    def contains(self, column: str, text: str) -> Sql:
        """Return: the text stands somewhere in the column; cheaper than any pattern."""
        ...

    def first_of_each(self, table: str, column: str, ids: Sequence[int], conditions: Sequence[Sql], limit: int,
                      is_ascending: bool) -> Sql:
        """
        Return the statement for (submit_time, result_id) of the newest (or oldest) rows of each id, in any order.

        At most `limit` of each. `table`: a posting table, `p` in the conditions.
        """
        ...

    def has_trigrams(self, column: str, trigrams: Sequence[str]) -> Sql | None:
        """
        Return a condition on the id of a `pair` that most pairs without these trigrams fail, all with them pass.

        None where the pattern itself is all that the database needs.
        """
        ...

    def pairs_with_trigrams(self, trigrams: Sequence[str], limit: int) -> Sql | None:
        """Return the statement for the ids that `has_trigrams` means, at most `limit`; None where that is None."""
        ...

    def is_one_of(self, column: str, numbers: Sequence[int]) -> Sql:
        """Return: the column is one of the numbers; the same text however many, so that it is prepared once."""
        ...

    def unindexed(self, column: str) -> str:
        """Return the column, written so that no index on it is used."""
        ...


def literal_prefix(pattern: str) -> str:
    """Return the text before the first wildcard."""
    return _WILDCARD.split(pattern, maxsplit=1)[0]


def longest_literal(pattern: str) -> str:
    """Return the longest text without a wildcard that everything that matches has."""
    return max(_WILDCARD.split(pattern), key=len)


def is_exact(pattern: str) -> bool:
    """True where the pattern has no wildcard."""
    return not _WILDCARD.search(pattern)


def trigrams_of(pattern: str) -> list[str]:
    """
    Return three letters in a row that a text must have to match the pattern, the telling ones.

    Those with a dash or a dot are in nearly every item: where there are others, they only cost time.
    """
    parts = _WILDCARD.split(pattern)
    every = list(dict.fromkeys(part[start:start + 3] for part in parts for start in range(len(part) - 2)))
    telling = [each for each in every if each.isalnum()]
    return telling if len(telling) >= _TELLING else every


def after_prefix(prefix: str) -> str | None:
    """Return the smallest text above all that begin with the prefix, by code points; None where there is none."""
    for end in range(len(prefix) - 1, -1, -1):
        code = ord(prefix[end]) + 1
        if code == 0xD800:  # surrogates cannot be stored
            code = 0xE000
        if code <= 0x10FFFF:
            return prefix[:end] + chr(code)
    return None


def begins_with(column: str, prefix: str) -> list[Sql]:
    """Return conditions that an index on the column can use."""
    if not prefix:
        return []
    conditions = [Sql(f"{column} >= ?", (prefix,))]
    above = after_prefix(prefix)
    return [*conditions, Sql(f"{column} < ?", (above,))] if above else conditions
