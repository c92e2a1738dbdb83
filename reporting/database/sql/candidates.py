"""
Which stored pairs and groups a filter speaks of, and how many results they have.

The first of the two statements of a question. Its answer decides how the second
walks: from the rarest pair where there is a rare one, else newest first.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
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
RARE_TOGETHER = 10_000
#: Letters before the first wildcard from which the index of beginnings is used, not that of trigrams.
_LONG_PREFIX = 3
#: The weight of a pair that has more results than were counted.
_FREQUENT = 10**9
#: Pairs that a pattern may match before results are tested one by one instead, newest first.
PATTERN_PAIRS = 400
#: Pairs with all trigrams of a pattern that are still quickly compared with it.
TRIGRAM_HITS = 2000
#: Pairs of one filter that are still quickly looked up for each result.
FEW_PAIRS = 8

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
    #: The frequent pair or group that seems to have the fewest results; None where none is a single one.
    sparsest: Posting | None = None

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
    found = Candidates(tuple(postings), tuple(tested), any(not posting.ids for posting in postings))
    if found.is_empty or found.rarest() is not None:
        return found
    return replace(found, sparsest=_sparsest([each for each in postings if len(each.ids) == 1], fetch))


def _sparsest(frequent: list[Posting], fetch: Fetch) -> Posting | None:
    """Return the posting whose newest results reach back furthest."""
    if len(frequent) < 2:
        return frequent[0] if frequent else None
    since = [fetch(Sql(f"SELECT p.submit_time FROM {each.table} p WHERE p.{each.column} = ? "
                       f"ORDER BY p.submit_time DESC LIMIT 1 OFFSET {RARE}", each.ids))[0][0] for each in frequent]
    return frequent[since.index(min(since))]


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
    """Return the pairs that match, None where testing each result is cheaper than looking its pairs up."""
    found = pairs_of_pattern(each, Sql("pair.id"), dialect, fetch)
    if found is None:
        return None
    # counted only now: a broad pattern would cost as many looks into another index
    counted = fetch(Sql(f"SELECT id, {_weight('posting', 'pair_id', 'pair')} FROM pair WHERE")
                    + dialect.is_in("id", [row[0] for row in found])) if found else []
    posting = _posting("posting", "pair_id", [(row_id, weight) for row_id, weight in counted])
    return None if len(found) > FEW_PAIRS and not posting.is_rare else posting


def pairs_of_pattern(each: DataFilter, columns: Sql, dialect: Dialect, fetch: Fetch) -> list[tuple[Any, ...]] | None:
    """Return the columns of `pair` for those that match, None where they are many or finding them takes long."""
    matches = _matches_of_values(each)
    for pattern in each.patterns:
        trigrams = _trigrams(pattern)
        question = dialect.pairs_with_trigrams(trigrams, TRIGRAM_HITS + 1) if trigrams else None
        if question is None:
            matches.append(pair_matches(dialect, each.key, pattern))
            continue
        ids = [row[0] for row in fetch(question)]
        if len(ids) > TRIGRAM_HITS:
            return None
        same_key = Sql(f"{dialect.unindexed('pair.key')} = ?", (each.key,))
        matches.append(all_of([dialect.is_one_of("pair.id", ids), same_key, dialect.like("pair.value", pattern)]))
    found = fetch(Sql("SELECT") + columns + Sql("FROM pair WHERE") + any_of(matches)
                  + Sql(f"LIMIT {PATTERN_PAIRS + 1}"))
    return found if len(found) <= PATTERN_PAIRS else None


def has_index(each: DataFilter) -> bool:
    """True where an index leads to the pairs that match; else every pair of the key is compared."""
    return all(literal_prefix(pattern) or trigrams_of(pattern) for pattern in each.patterns)


def _matches_of_values(each: DataFilter) -> list[Sql]:
    return [Sql("pair.digest = ?", (pair_digest(each.key, value),)) for value in each.values]


def pattern_matches(each: DataFilter, dialect: Dialect) -> Sql:
    """Return: the row of `pair` matches one of the patterns, or is one of the values."""
    return any_of([*(pair_matches(dialect, each.key, pattern) for pattern in each.patterns),
                   *_matches_of_values(each)])


def pair_matches(dialect: Dialect, key: str, pattern: str) -> Sql:
    """Return: the row of `pair` has the key and matches the pattern; the index that helps most can be used."""
    of_key = [Sql(f"{dialect.head('pair.key')} = ?", (key[:HEAD_LENGTH],))]
    # unindexed: SQLite would put the key into the expression of the index, and no longer know it
    same_key = Sql(f"{dialect.unindexed('pair.key')} = ?", (key,))
    if len(key) >= HEAD_LENGTH:
        of_key.append(same_key)
    if is_exact(pattern):
        return all_of([Sql(f"{dialect.head('pair.value')} = ?", (pattern[:HEAD_LENGTH],)), *of_key,
                       Sql(f"{dialect.unindexed('pair.value')} = ?", (pattern,))])
    trigrams = _trigrams(pattern)
    if trigrams and (found := dialect.has_trigrams("pair.id", trigrams)):
        return all_of([found, same_key, dialect.like(dialect.unindexed("pair.value"), pattern)])
    prefix = literal_prefix(pattern)
    parts = [*begins_with(dialect.head("pair.value"), prefix[:HEAD_LENGTH]), *of_key]
    if len(prefix) <= HEAD_LENGTH and pattern[len(prefix):].strip("*%") == "":
        return all_of(parts)  # the index says it all: no row of the table is read
    return all_of([*parts, dialect.like("pair.value", pattern)])


def _trigrams(pattern: str) -> list[str]:
    """Return the trigrams to look up; none where the index of beginnings is the better one, or there are none."""
    return [] if len(literal_prefix(pattern)) >= _LONG_PREFIX else trigrams_of(pattern)
