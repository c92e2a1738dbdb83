"""Questions of the pages about stored values: which begin so, hold a text, lie between two. Each reads little."""
from __future__ import annotations

from collections.abc import Callable

from reporting.database.sql.candidates import Fetch
from reporting.database.sql.dialect import HEAD_LENGTH, Dialect, Sql, all_of, begins_with, trigrams_of

#: Keys offered for completion at most; each costs one step in the index.
_KEYS = 200
#: More values than these with the same letters are not looked through while somebody types.
_TRIGRAM_HITS = 5_000


def values_beginning(key: str, prefix: str, limit: int) -> Callable[[Fetch, Dialect], list[str]]:
    """Return the question: values of the key that begin so, in the order of their code points."""
    return _values(key, lambda head: begins_with(head, prefix[:HEAD_LENGTH]), prefix, limit)


def values_containing(key: str, text: str, limit: int) -> Callable[[Fetch, Dialect], list[str]]:
    """
    Return the question: values of the key with the text anywhere in them.

    Asks nothing where no index helps: fewer than three letters, or ones that very many values have.
    """
    def question(fetch: Fetch, dialect: Dialect) -> list[str]:
        trigrams = trigrams_of(text)
        if not trigrams:
            return []
        narrow: list[Sql] = []
        if pairs := dialect.pairs_with_trigrams(trigrams, _TRIGRAM_HITS):
            ids = [row[0] for row in fetch(pairs)]
            if len(ids) >= _TRIGRAM_HITS:
                return []
            narrow.append(dialect.is_one_of("pair.id", ids))
        rows = fetch(Sql("SELECT pair.value FROM pair WHERE") + all_of(
            [*narrow, Sql(f"{dialect.unindexed('pair.key')} = ?", (key,)),
             dialect.like("pair.value", f"*{text}*")]) + Sql("LIMIT ?", (limit,)))
        return sorted(row[0] for row in rows if text in row[0])

    return question


def values_between(key: str, low: str, high: str, limit: int) -> Callable[[Fetch, Dialect], list[str]]:
    """Return the question: values of the key from `low` on, before `high`."""
    return _values(key, lambda head: [Sql(f"{head} >= ?", (low,)), Sql(f"{head} < ?", (high,))], "", limit)


def _values(key: str, conditions: Callable[[str], list[Sql]], prefix: str,
            limit: int) -> Callable[[Fetch, Dialect], list[str]]:
    def question(fetch: Fetch, dialect: Dialect) -> list[str]:
        head = dialect.head("pair.value")
        of_key = [Sql(f"{dialect.head('pair.key')} = ?", (key[:HEAD_LENGTH],)),
                  Sql(f"{dialect.unindexed('pair.key')} = ?", (key,))]
        rows = fetch(Sql("SELECT pair.value FROM pair WHERE") + all_of([*of_key, *conditions(head)])
                     + Sql(f"ORDER BY {head} LIMIT ?", (limit,)))
        return [row[0] for row in rows if row[0].startswith(prefix)]

    return question


def keys_beginning(prefix: str, limit: int) -> Callable[[Fetch, Dialect], list[str]]:
    """Return the question: data keys that begin so; each is found by one step over the index, not by reading values."""
    def question(fetch: Fetch, dialect: Dialect) -> list[str]:
        head = dialect.head("pair.key")
        found: list[str] = []
        at_least: list[Sql] = begins_with(head, prefix[:HEAD_LENGTH])
        for _ in range(min(limit, _KEYS)):
            rows = fetch(Sql("SELECT pair.key FROM pair WHERE") + all_of(at_least) + Sql(f"ORDER BY {head} LIMIT 1"))
            if not rows or not rows[0][0].startswith(prefix):
                break
            found.append(rows[0][0])
            at_least = [Sql(f"{head} > ?", (rows[0][0][:HEAD_LENGTH],))]
        return found

    return question
