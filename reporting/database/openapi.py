"""The OpenAPI document of every path, and a page that shows it to people without scripts or third parties."""
from __future__ import annotations

from functools import cache
from typing import Any

from reporting.database.api_v3.result_type import ALL_RESULT_TYPES
from reporting.database.exchange import Request, Response, dumped, json_response
from reporting.database.pages.template import page
from reporting.database.service import Service

#: What a field is, where its name does not say it; the same word means the same everywhere.
_MEANINGS = {
    "href": "Its own address.", "results": "The address of its results.", "results_count": "How many results it has.",
    "data": "Keys and their values; a value is always a list of texts in answers.", "note": "A short summary.",
    "outcome": "PASSED, INFO, FAILED, NEEDS_INSPECTION, or one that `GET /api/v2.0` lists.",
    "ref_url": "Where more is told.", "groups": "uuids; in what is stored also objects of a group.",
    "submit_time": "UTC. In what is stored: milliseconds since 1970, or a time with a fraction of a second.",
    "testcase": "The testcase; in what is stored its name is enough.",
    "uuid": "At most 36 characters; none: a new one.",
    "outcomes": "One of these.", "not_outcomes": "None of these.", "testcases": "One of these names.",
    "testcases_like": "Or a name that matches one of these; `*` is any text.",
    "since": "ISO 8601, this moment or later.", "until": "This moment or earlier.",
    "after_id": "Stored after this one.",
    "limit": "Rows of a page; 20.", "page": "Number of the page, from 0.",
    "distinct_on": "Data keys: the newest for each combination of their values, for example `item`.",
}
_TEXT: dict[str, Any] = {"type": "string"}
_TEXT_OR_NULL: dict[str, Any] = {"type": ["string", "null"]}
_TEXTS: dict[str, Any] = {"type": "array", "items": _TEXT}


def _reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    properties = {name: {**schema, "description": _MEANINGS[name]} if name in _MEANINGS else schema
                  for name, schema in {**required, **optional}.items()}
    return {"type": "object", "properties": properties, "required": list(required)}


def _list_of(name: str) -> dict[str, Any]:
    return _object({"data": {"type": "array", "items": _reference(name)}, "next": _TEXT_OR_NULL,
                    "prev": _TEXT_OR_NULL})


_TESTCASE_TO_STORE = _object({"name": {"type": "string", "minLength": 1}}, ref_url=_TEXT_OR_NULL)
_GROUP_TO_STORE = _object({}, uuid={"type": ["string", "null"], "maxLength": 36}, ref_url=_TEXT_OR_NULL,
                          description=_TEXT_OR_NULL)
_CONDITION = {"anyOf": [_TEXT, _TEXTS, _object({}, **{"is": _TEXTS, "like": _TEXTS, "not": _TEXTS, "not_like": _TEXTS,
                                                    "has": {"type": "boolean"}})]}
_QUESTION = {name: _TEXTS for name in ("outcomes", "not_outcomes", "groups", "testcases", "testcases_like")} | {
    "since": _TEXT, "until": _TEXT, "after_id": {"type": "integer", "minimum": 0},
    "data": {"type": "object", "additionalProperties": _CONDITION}}
_SCHEMAS: dict[str, Any] = {
    "Testcase": _object({"href": _TEXT, "name": _TEXT, "ref_url": _TEXT_OR_NULL}),
    "Group": _object({"description": _TEXT_OR_NULL, "href": _TEXT, "ref_url": _TEXT_OR_NULL, "results": _TEXT,
                      "results_count": {"type": "integer"}, "uuid": _TEXT}),
    "Result": _object({"data": {"type": "object", "additionalProperties": _TEXTS}, "groups": _TEXTS, "href": _TEXT,
                       "id": {"type": "integer"}, "note": _TEXT_OR_NULL, "outcome": _TEXT, "ref_url": _TEXT_OR_NULL,
                       "submit_time": _TEXT, "testcase": _reference("Testcase")}),
    "Message": _object({"message": _TEXT}),
    "NewTestcase": _TESTCASE_TO_STORE,
    "NewGroup": _GROUP_TO_STORE,
    "NewResult": _object(
        {"outcome": _TEXT, "testcase": {"anyOf": [{"type": "string", "minLength": 1}, _TESTCASE_TO_STORE]}},
        groups={"anyOf": [{"type": "array", "items": {"anyOf": [_TEXT, _GROUP_TO_STORE]}}, {"type": "null"}]},
        note=_TEXT_OR_NULL, ref_url=_TEXT_OR_NULL, data={"type": ["object", "null"], "additionalProperties": True},
        submit_time={"type": ["null", "integer", "string"]}),
    "Question": _object({}, **_QUESTION, limit={"type": "integer", "minimum": 0},
                        page={"type": "integer", "minimum": 0},
                        sort={"enum": ["asc:submit_time", "desc:submit_time"]}),
    "LatestQuestion": _object({}, **_QUESTION, distinct_on=_TEXTS),
}
#: Name to (description, schema) of a query parameter.
_PARAMETERS: dict[str, tuple[str, dict[str, Any]]] = {
    "limit": ("Rows of a page.", {"type": "integer", "default": 20}),
    "page": ("Number of the page, from 0.", {"type": "integer", "default": 0}),
    "outcome": ("Outcomes with commas.", _TEXT), "groups": ("uuids with commas.", _TEXT),
    "testcases": ("Names with commas.", _TEXT), "testcases:like": ("Patterns with commas; `*` is any text.", _TEXT),
    "since": ("`start` or `start,end`, ISO 8601.", _TEXT), "_sort": ("`asc:submit_time` or `desc:submit_time`.", _TEXT),
    "_distinct_on": ("Data keys with commas.", _TEXT), "name": ("Names with commas.", _TEXT),
    "name:like": ("Patterns with commas.", _TEXT), "uuid": ("uuids with commas.", _TEXT),
    "description": ("Descriptions with commas.", _TEXT), "description:like": ("Patterns with commas.", _TEXT),
    "item": ("Any data key is a filter, `item` for example; `item:like` takes patterns.", _TEXT),
    "item:not": ("No such value; of any key, values with commas.", _TEXT),
    "item:not_like": ("No value that matches; patterns with commas.", _TEXT),
    "item:has": ("`yes`: has this key at all, `no`: has not.", {"enum": ["yes", "no"]}),
    "after": ("The last id seen, or `now`.", {"anyOf": [{"type": "integer", "minimum": 0}, {"const": "now"}]}),
    "testcase": ("Only permissions that match this name.", _TEXT),
    "wait": ("Seconds to wait for a next result, at most 60.", {"type": "integer", "minimum": 0}),
}
_PAGE = ("limit", "page")
_FILTERS = (*_PAGE, "outcome", "groups", "testcases", "testcases:like", "since", "_sort", "item")
#: (method, path, what it does, parameters or None, body, answer's status, answer's schema)
_OPERATIONS: tuple[tuple[str, str, str, tuple[str, ...], str | None, int, Any], ...] = (
    ("get", "/api/v2.0", "Where things are, and the allowed outcomes.", (), None, 300, {"type": "object"}),
    ("get", "/api/v2.0/healthcheck", "Whether the database answers.", (), None, 200, _reference("Message")),
    ("get", "/api/v2.0/results", "Results, newest first.", _FILTERS, None, 200, _list_of("Result")),
    ("post", "/api/v2.0/results", "Store a result.", (), "NewResult", 201, _reference("Result")),
    ("get", "/api/v2.0/results/latest", "The newest result of each testcase.", (*_FILTERS, "_distinct_on"), None, 200,
     _object({"data": {"type": "array", "items": _reference("Result")}})),
    ("get", "/api/v2.0/results/{id}", "One result.", (), None, 200, _reference("Result")),
    ("get", "/api/v2.0/testcases", "Testcases by name.", (*_PAGE, "name", "name:like"), None, 200,
     _list_of("Testcase")),
    ("post", "/api/v2.0/testcases", "Create or change a testcase.", (), "NewTestcase", 201, _reference("Testcase")),
    ("get", "/api/v2.0/testcases/{name}", "One testcase.", (), None, 200, _reference("Testcase")),
    ("get", "/api/v2.0/testcases/{name}/results", "Its results.", _FILTERS, None, 200, _list_of("Result")),
    ("get", "/api/v2.0/groups", "Groups, newest first.",
     (*_PAGE, "uuid", "description", "description:like"), None, 200, _list_of("Group")),
    ("post", "/api/v2.0/groups", "Create or change a group.", (), "NewGroup", 201, _reference("Group")),
    ("get", "/api/v2.0/groups/{uuid}", "One group.", (), None, 200, _reference("Group")),
    ("get", "/api/v2.0/groups/{uuid}/results", "Its results.", _FILTERS, None, 200, _list_of("Result")),
    ("get", "/api/extra/results", "Results as by v2.0, and by what it cannot ask.",
     (*_FILTERS, "item:not", "item:not_like", "item:has"), None, 200, _list_of("Result")),
    ("post", "/api/extra/results", "Results by a question in JSON: negation, has a key, many items.", (), "Question",
     200, _object({"data": {"type": "array", "items": _reference("Result")}, "has_more": {"type": "boolean"}})),
    ("post", "/api/extra/latest", "The newest by a question in JSON, for many items at once.", (), "LatestQuestion",
     200, _object({"data": {"type": "array", "items": _reference("Result")}})),
    ("get", "/api/extra/following", "Results after an id, in the order they were stored.",
     ("after", "limit", "wait", "item"), None, 200,
     _object({"data": {"type": "array", "items": _reference("Result")}, "last": {"type": "integer"}})),
    *(("post", f"/api/v3/results/{name}s", f"Store a result of type {name}; needs a bearer token.", (), f"v3-{name}",
       201, _reference("Result")) for name in ALL_RESULT_TYPES),
    ("post", "/api/v3/results", "Store a result of any data; needs a bearer token.", (), "NewResult", 201,
     _reference("Result")),
    ("get", "/api/v3/permissions", "Who may write what.", ("testcase",), None, 200, {"type": "array"}),
    *(("get", f"/api/v3/schemas/{name}s", f"JSON schema of {name}.", (), None, 200, {"type": "object"})
      for name in ALL_RESULT_TYPES),
)
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "minLength": 1, "maxLength": 255,
                                                          "pattern": "^[ -~]+$"},
    "description": "Any text: the same key with the same body stores nothing twice and answers the same."}
_ERRORS = {"400": "A field or parameter is wrong; `message` says which and why.", "401": "No bearer token.",
           "403": "The token is not good, or may not write this testcase.", "404": "Not there.",
           "413": "The body is too large.", "415": "The body was not sent as JSON.",
           "422": "The Idempotency-Key was used with another body.",
           "503": "The database is away, or the question takes too long."}


@cache
def description() -> dict[str, Any]:
    """Return the document without its server."""
    paths: dict[str, Any] = {}
    for method, path, summary, parameters, body, status, answer in _OPERATIONS:
        operation: dict[str, Any] = {
            "summary": summary, "operationId": f"{method} {path}",
            "parameters": _path_parameters(path) + [_parameter(name) for name in parameters],
            "responses": {str(status): {"description": summary, "content": _json(answer)}} | {
                code: {"description": text} for code, text in _ERRORS.items()}}
        if status == 201 and answer == _reference("Result"):
            operation["parameters"].append(_IDEMPOTENCY_KEY)
        if path.startswith("/api/v3/") and method == "post":
            operation["security"] = [{"token": []}]
        if body:
            operation["requestBody"] = {"required": True, "content": _json(_reference(body))}
        paths.setdefault(path, {})[method] = operation
    types = {f"v3-{name}": kind.schema() for name, kind in ALL_RESULT_TYPES.items()}
    return {"openapi": "3.1.0", "info": {"title": "Checkotron results", "version": "2.0"}, "paths": paths,
            "components": {"schemas": _SCHEMAS | types,
                           "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}}}


def _json(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _parameter(name: str) -> dict[str, Any]:
    text, schema = _PARAMETERS[name]
    return {"name": name, "in": "query", "description": text, "schema": schema}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [{"name": part[1:-1], "in": "path", "required": True,
             "schema": {"type": "integer", "minimum": 0} if part == "{id}" else {"type": "string", "minLength": 1}}
            for part in path.split("/") if part.startswith("{")]


def document(service: Service, request: Request) -> Response:
    """Answer the document as JSON."""
    return json_response(dumped({**description(), "servers": [{"url": request.base_url}]}))


def documentation(service: Service, request: Request) -> Response:
    """Answer the document as a page."""
    told = description()
    return page(request, "api.html", paths=told["paths"], schemas=told["components"]["schemas"], errors=_ERRORS)
