"""The form becomes the API's query, and the query fills the form."""
from __future__ import annotations

from urllib.parse import urlencode

import pytest

from reporting.database.exchange import Request
from reporting.database.pages.search_form import DataRow, Pairs, form_of_query, query_of_form


def _query(is_testcase: bool = False, **fields: list[str]) -> Pairs:
    return query_of_form(fields, lambda _: is_testcase)


def _form(*pairs: tuple[str, str]):  # type: ignore[no-untyped-def]
    return form_of_query(Request("GET", "/results", urlencode(pairs), {}, b"", "http://x", "/results"))


def test_words_are_beginnings_of_items() -> None:
    assert _query(item=["xchat  gcc, bash*x"]) == [("item:like", "xchat*,gcc*,bash*x")]


def test_a_whole_testcase_is_asked_for_exactly_and_a_part_in_the_middle() -> None:
    assert _query(True, testcase=["dist.rpmlint"]) == [("testcases", "dist.rpmlint")]
    assert _query(False, testcase=["lint"]) == [("testcases:like", "*lint*")]
    assert _query(False, testcase=["dist.*"]) == [("testcases:like", "dist.*")]


@pytest.mark.parametrize(("first", "last", "since"), [
    ("2026-11-01", "", "2026-11-01T00:00:00"), ("2026-11-01", "2026-11-21", "2026-11-01T00:00:00,2026-11-21T23:59:59"),
    ("", "2026-11-21", "1970-01-01T00:00:00,2026-11-21T23:59:59"),
])
def test_days_are_inclusive(first: str, last: str, since: str) -> None:
    assert _query(first_day=[first], last_day=[last]) == [("since", since)]


def test_any_data_key_can_be_asked_for() -> None:
    query = _query(key=["scenario", "", "productmd.compose.id"], how=["is", "is", "like"], value=["uefi", "x",
                                                                                                  "Fedora-*"])

    assert query == [("scenario", "uefi"), ("productmd.compose.id:like", "Fedora-*")]


def test_a_key_can_be_asked_for_in_every_way() -> None:
    query = _query(key=["a", "b", "c", "d", "e", "f"], how=["is", "like", "not", "not_like", "has", "has_not"],
                   value=["1", "2*", "3", "4*", "", "ignored"])

    assert query == [("a", "1"), ("b:like", "2*"), ("c:not", "3"), ("d:not_like", "4*"), ("e:has", "yes"),
                     ("f:has", "no")]


def test_empty_fields_ask_nothing() -> None:
    assert _query(item=[" "], testcase=[""], type=[""], arch=[""], group=[""], first_day=[""], key=["", ""],
                  value=["", "x"],
                  how=["is", "is"]) == []


def test_outcomes_and_order_go_into_the_query() -> None:
    assert _query(outcome=["FAILED", "CRASHED"], oldest_first=["yes"]) == [
        ("outcome", "FAILED,CRASHED"), ("_sort", "asc:submit_time")]


@pytest.mark.parametrize("query", [
    [("item:like", "xchat*,gcc*")], [("testcases:like", "*lint*")], [("type", "koji_build"), ("arch", "x86_64")],
    [("groups", "a-b")], [("outcome", "FAILED")], [("since", "2026-11-01T00:00:00,2026-11-21T23:59:59")],
    [("scenario", "uefi"), ("version:like", "4*")], [("_sort", "asc:submit_time")],
    [("arch:not", "x86_64"), ("item:not_like", "a*,b*"), ("scenario:has", "yes"), ("waived:has", "no")],
])
def test_a_filled_form_asks_the_same_again(query: Pairs) -> None:
    form = _form(*query)

    again = _query(
        item=[form.item], testcase=[form.testcase], type=[form.type], arch=[form.arch], group=[form.group],
        outcome=sorted(form.outcomes), first_day=[form.first_day], last_day=[form.last_day],
        key=[row.key for row in form.rows], how=[row.how for row in form.rows], value=[row.value for row in form.rows],
        oldest_first=["yes"] if form.is_oldest_first else [""])

    assert again == query


def test_the_form_keeps_free_rows_for_more() -> None:
    assert _form(("item", "xchat-0.5-1.fc20")).rows == (DataRow("item", "is", "xchat-0.5-1.fc20"), DataRow(), DataRow())
