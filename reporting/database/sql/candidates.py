"""
Which stored pairs and groups a filter speaks of, and how many results they have.

The first of the two statements of a question. Its answer decides how the second
walks: from the rarest pair where there is a rare one, else newest first.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reporting.database.question import DataFilter, ResultFilter
from reporting.database.sql.dialect import (
    HEAD_LENGTH,
    Dialect,
    Sql,
    all_of,
    any_of,
    begins_with,
    is_exact,
    joined,
    literal_prefix,
    trigrams_of,
)
from reporting.database.sql.pair import pair_digest

#: Results of one pair or group up to which it counts as rare; no more are counted.
RARE = 400
#: Results of all pairs of one filter together up to which all of them are read and sorted.
RARE_TOGETHER = 5000
#: Letters before the first wildcard from which the index of beginnings is used, not that of trigrams.
_LONG_PREFIX = 3
#: The weight of a pair that has more results than were counted.
_FREQUENT = 10**9
#: Pairs that a pattern may match before results are tested one by one instead, newest first.
PATTERN_PAIRS = 1000

Fetch = Callable[[Sql], list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Posting:
    """One condition that a posting table answers: results with one of these ids."""

    #: "posting" or "group_member".
    table: str
    #: "pair_id" or "group_id".
    column: str
    ids: tuple[int, ...]
    #: Results of all ids together; very many where one id is frequent.
    weight: int

    @property
    def is_rare(self) -> bool:
        """True where reading all of its results is cheap."""
        return self.weight <= RARE_TOGETHER


@dataclass(frozen=True, slots=True)
class Candidates:
    """What the first statement found."""

    postings: tuple[Posting, ...]
    #: Filters that have to be tested on each result's data.
    tested: tuple[DataFilter, ...]
    #: True where one filter can never be met.
    is_empty: bool = False

    def rarest(self) -> Posting | None:
        """Return the posting to walk, None where none is rare."""
        rare = [posting for posting in self.postings if posting.is_rare]
        return min(rare, key=lambda posting: posting.weight, default=None)


def find_candidates(wanted: ResultFilter, dialect: Dialect, fetch: Fetch) -> Candidates:
    """Return the candidates of a filter; asks nothing where the filter names neither data nor groups."""
    exact = [each for each in wanted.data if each.values and not each.patterns and not each.is_negated]
    tested = [each for each in wanted.data if each.is_negated or not (each.values or each.patterns)]
    postings: list[Posting] = []
    if exact or wanted.groups:
        postings = _exact_postings(exact, wanted.groups, dialect, fetch)
    for each in wanted.data:
        if each.patterns and not each.is_negated:
            posting = _pattern_posting(each, dialect, fetch)
            tested += [each] if posting is None else []
            postings += [] if posting is None else [posting]
    return Candidates(tuple(postings), tuple(tested), any(not posting.ids for posting in postings))


def _exact_postings(exact: list[DataFilter], groups: tuple[str, ...], dialect: Dialect, fetch: Fetch) -> list[Posting]:
    digests = {each: tuple(pair_digest(each.key, value) for value in each.values) for each in exact}
    parts = []
    if exact:
        wanted = tuple(dict.fromkeys(digest for found in digests.values() for digest in found))
        parts.append(Sql(f"SELECT digest, id, {_weight('posting', 'pair_id', 'pair')} FROM pair WHERE")
                     + dialect.is_in("digest", wanted))
    if groups:
        parts.append(Sql(f"SELECT NULL, id, {_weight('group_member', 'group_id', 'run_group')} FROM run_group WHERE")
                     + dialect.is_in("uuid", groups))
    pairs: dict[bytes, tuple[int, int]] = {}
    members: list[tuple[int, int]] = []
    for digest, row_id, weight in fetch(joined(parts, " UNION ALL ")):
        if digest is None:
            members.append((row_id, weight))
        else:
            pairs[bytes(digest)] = (row_id, weight)
    postings = [_posting("posting", "pair_id", [pairs[d] for d in dict.fromkeys(found) if d in pairs])
                for found in digests.values()]
    return postings + ([_posting("group_member", "group_id", members)] if groups else [])


def _posting(table: str, column: str, found: list[tuple[int, int]]) -> Posting:
    weight = sum(_FREQUENT if count > RARE else count for _, count in found)
    return Posting(table, column, tuple(row_id for row_id, _ in found), weight)


def _weight(table: str, column: str, owner: str) -> str:
    """Return a subquery that counts no further than needed."""
    return f"(SELECT count(*) FROM (SELECT 1 FROM {table} p WHERE p.{column} = {owner}.id LIMIT {RARE + 1}) w)"


def _pattern_posting(each: DataFilter, dialect: Dialect, fetch: Fetch) -> Posting | None:
    """Return the pairs that match, None where they are too many."""
    matches = [pair_matches(dialect, each.key, pattern) for pattern in each.patterns]
    matches += [Sql("pair.digest = ?", (pair_digest(each.key, value),)) for value in each.values]
    weight = _weight("posting", "pair_id", "pair")
    found = fetch(Sql(f"SELECT pair.id, {weight} FROM pair WHERE") + any_of(matches)
                  + Sql(f"LIMIT {PATTERN_PAIRS + 1}"))
    if len(found) > PATTERN_PAIRS:
        return None
    return _posting("posting", "pair_id", [(row[0], row[1]) for row in found])


def pair_matches(dialect: Dialect, key: str, pattern: str) -> Sql:
    """Return: the row of `pair` has the key and matches the pattern; the index that helps most can be used."""
    # unindexed: SQLite would put the key into the expression of the index, and no longer know it
    same_key = Sql(f"{dialect.unindexed('pair.key')} = ?", (key,))
    of_key = all_of([Sql(f"{dialect.head('pair.key')} = ?", (key[:HEAD_LENGTH],)), same_key])
    if is_exact(pattern):
        return all_of([Sql(f"{dialect.head('pair.value')} = ?", (pattern[:HEAD_LENGTH],)), of_key,
                       Sql(f"{dialect.unindexed('pair.value')} = ?", (pattern,))])
    prefix = literal_prefix(pattern)[:HEAD_LENGTH]
    parts = [*begins_with(dialect.head("pair.value"), prefix), of_key]
    trigrams = trigrams_of(pattern)
    if len(prefix) < _LONG_PREFIX and trigrams and (found := dialect.has_trigrams("pair.id", trigrams)):
        parts = [found, same_key]
    return all_of([*parts, dialect.like("pair.value", pattern)])
