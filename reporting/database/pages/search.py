"""Search: the results that pass the API's filters, newest first, with counts; the form's door; and the quick search."""
from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode

from checks.item import ITEM_TYPES
from reporting.database.api_extra.modifiers import MODIFIERS, extended_filter
from reporting.database.api_v2.parameters import page_of
from reporting.database.exchange import Request, Response
from reporting.database.faults import Faults
from reporting.database.pages.addresses import Addresses
from reporting.database.pages.endpoint import endpoint
from reporting.database.pages.row import Row, rows_of
from reporting.database.pages.search_form import HOW, Pairs, form_of_query, is_yes, query_of_form
from reporting.database.pages.template import feed, page, redirect
from reporting.database.pages.verdict import Verdict, verdict
from reporting.database.question import DataFilter, Page, ResultFilter
from reporting.database.service import Service
from reporting.database.sql.page_counts import OutcomeCounts, outcome_counts

_PAGE_ROWS = 50
_MOST_ROWS = 200
_FEED_ROWS = 50
#: Results that counts by outcome look at.
_COUNTED = 1000
#: The words of each parameter in the line that says what was asked.
_WORDS = {"outcome": "outcome", "groups": "group", "testcases": "testcase", "testcases:like": "testcase like",
          "item:like": "item like", "since": "since", "_sort": "order"}
#: The same for what comes after a key's colon.
_MODIFIED = {"like": "like", "not": "is not", "not_like": "not like"}
#: They say which part of the answer, not what is asked for.
_PAGING = frozenset({"limit", "page"})


@dataclass(frozen=True, slots=True)
class Asked:
    """One filter of a search, with the query that is left without it."""

    words: str
    value: str
    without: Pairs


@dataclass(frozen=True, slots=True)
class Share:
    """One outcome with its number, and the query that asks for it alone."""

    verdict: Verdict
    number: int
    is_chosen: bool
    query: Pairs


@endpoint
def results_page(service: Service, request: Request) -> Response:
    """Answer a page of the results that pass."""
    faults = Faults()
    limit, number = page_of(request, faults)
    wanted = extended_filter(request, service, faults)
    faults.finish()
    limit = _PAGE_ROWS if request.first("limit") is None else max(1, min(limit, _MOST_ROWS))
    is_ascending = request.first("_sort") == "asc:submit_time"
    found = service.storage.results(wanted, Page(limit + 1, limit * number, is_ascending))
    counts = service.storage.ask(outcome_counts(replace(wanted, outcomes=()), _COUNTED))
    asked = asked_of(request)
    return page(
        request, "results.html", rows=rows_of(found[:limit]), asked=asked, title=title_of(asked), counts=counts,
        shares=_shares(service, request, wanted, counts), form=form_of_query(request), outcomes=service.outcomes,
        item_types=list(ITEM_TYPES), verdict=verdict, feed_query=pairs_of(request), how=HOW,
        json_address=_json_address(request),
        newer=_at_page(request, number - 1) if number else None, number=number,
        older=_at_page(request, number + 1) if len(found) > limit else None, is_ascending=is_ascending)


@endpoint
def results_feed(service: Service, request: Request) -> Response:
    """Answer the newest results that pass as an Atom feed (RFC 4287)."""
    faults = Faults()
    wanted = extended_filter(request, service, faults)
    faults.finish()
    rows: list[Row] = rows_of(service.storage.results(wanted, Page(_FEED_ROWS)))
    return feed(request, "feed.xml", rows=rows, title=title_of(asked_of(request)), query=pairs_of(request))


@endpoint
def search_door(service: Service, request: Request) -> Response:
    """Send the submitted form to the address of its search, which is the API's query and can be shared."""
    addresses = Addresses(request.base_url)
    if request.first("find") is not None:
        return redirect(_found(service, addresses, (request.first("find") or "").strip()))
    query = query_of_form(request.parameters, lambda name: service.storage.testcase(name) is not None)
    return redirect(addresses.results(*query))


def _found(service: Service, addresses: Addresses, text: str) -> str:
    """Return where one typed word leads: the item or the testcase of that name, else a search."""
    if not text:
        return addresses.results()
    if "*" not in text:
        newest = service.storage.results(ResultFilter(data=(DataFilter("item", (text,)),)), Page(1))
        if newest:
            types = newest[0].data_values().get("type", [""])
            return addresses.item(text, types[0] or None)
        if service.storage.testcase(text) is not None:
            return addresses.testcase(text)
    return addresses.results(*query_of_form({"item": [text]}, lambda _: False))


def pairs_of(request: Request) -> Pairs:
    """Return the query without what only says which part of the answer."""
    return [(name, value) for name, values in request.parameters.items() for value in values if name not in _PAGING]


def asked_of(request: Request) -> list[Asked]:
    """Return the filters of the query in words."""
    pairs = pairs_of(request)
    return [Asked(*_words(name, value), [pair for pair in pairs if pair != (name, value)])
            for name, value in pairs if name != "_distinct_on"]


def title_of(asked: list[Asked]) -> str:
    """Return what a search is called in a tab and in a feed reader."""
    if not asked:
        return "Newest results"
    return "Results: " + ", ".join(f"{each.words} {each.value}" for each in asked)[:200]


def _words(name: str, value: str) -> tuple[str, str]:
    """Return what is asked of, and what is asked."""
    if name in _WORDS:
        return _WORDS[name], value
    key, _, modifier = name.partition(":")
    if modifier == "has":
        return key, HOW["has" if is_yes(value) else "has_not"]
    return f"{key} {_MODIFIED[modifier]}" if modifier in _MODIFIED else key, value


def _json_address(request: Request) -> str:
    """Return where the same is answered as JSON: by v2.0 where it can ask that."""
    addresses, pairs = Addresses(request.base_url), pairs_of(request)
    is_ours = any(name.partition(":")[2] in MODIFIERS for name, _ in pairs)
    return addresses.extra(*pairs) if is_ours else addresses.api("/results", *pairs)


def _shares(service: Service, request: Request, wanted: ResultFilter, counts: OutcomeCounts) -> list[Share]:
    plain = [pair for pair in pairs_of(request) if pair[0] != "outcome"]
    shown = [word for word in service.outcomes if counts.numbers.get(word) or word in wanted.outcomes]
    shares = [Share(verdict(word), counts.numbers.get(word, 0), word in wanted.outcomes, [*plain, ("outcome", word)])
              for word in shown]
    return sorted(shares, key=lambda share: share.verdict.rank)


def _at_page(request: Request, number: int) -> str:
    pairs = [*pairs_of(request), *[("limit", value) for value in request.parameters.get("limit", [])[:1]]]
    query = urlencode([*pairs, ("page", str(number))], safe=":*,", quote_via=quote)
    return f"{request.base_url}/results?{query}"
