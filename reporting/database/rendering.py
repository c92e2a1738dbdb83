"""Rows as JSON text: keys in alphabetical order, non-ASCII escaped, nulls present."""
from __future__ import annotations

from collections.abc import Iterable
from json.encoder import encode_basestring_ascii

from reporting.database import links
from reporting.database.records import Group, Result, Testcase
from reporting.database.timestamps import to_text


def text(value: str | None) -> str:
    """Return a JSON string, or null."""
    return "null" if value is None else encode_basestring_ascii(value)


def testcase_json(testcase: Testcase, base_url: str) -> str:
    """Return a Testcase object."""
    return (f'{{"href":{text(links.testcase_href(base_url, testcase.name))},"name":{text(testcase.name)},'
            f'"ref_url":{text(testcase.ref_url)}}}')


def group_json(group: Group, base_url: str) -> str:
    """Return a Group object."""
    return (f'{{"description":{text(group.description)},"href":{text(links.group_href(base_url, group.uuid))},'
            f'"ref_url":{text(group.ref_url)},"results":{text(links.group_results_href(base_url, group.uuid))},'
            f'"results_count":{group.results_count},"uuid":{text(group.uuid)}}}')


def result_json(result: Result, base_url: str) -> str:
    """Return a Result object; its data and groups are JSON already."""
    return (f'{{"data":{result.data},"groups":{result.groups},"href":"{base_url}{links.API}/results/{result.id}",'
            f'"id":{result.id},"note":{text(result.note)},"outcome":{text(result.outcome)},'
            f'"ref_url":{text(result.ref_url)},"submit_time":"{to_text(result.submit_time)}",'
            f'"testcase":{testcase_json(result.testcase, base_url)}}}')


def list_json(rows: Iterable[str], previous: str | None, following: str | None) -> str:
    """Return a page: its rows and the links to its neighbours."""
    return f'{{"data":[{",".join(rows)}],"next":{text(following)},"prev":{text(previous)}}}'
