"""The literal list of pages; joined to the API's routes."""
from __future__ import annotations

from collections.abc import Callable, Mapping

from reporting.database.exchange import Response
from reporting.database.pages import front, group, item, result, search, static, suggest, testcase

#: Path to method to endpoint, as in `reporting/database/routes.py`.
PAGE_ROUTES: dict[str, Mapping[str, Callable[..., Response]]] = {
    "/": {"GET": front.front_page},
    "/results": {"GET": search.results_page},
    "/results.atom": {"GET": search.results_feed},
    "/results/<number>": {"GET": result.result_page},
    "/search": {"GET": search.search_door},
    "/item": {"GET": item.item_page},
    "/items/<item_type>/<path:item>": {"GET": item.item_page},
    "/testcases": {"GET": testcase.list_of_testcases},
    "/testcase": {"GET": testcase.page_of_testcase},
    "/testcases/<path:name>": {"GET": testcase.page_of_testcase},
    "/groups": {"GET": group.groups_page},
    "/group": {"GET": group.group_page},
    "/groups/<uuid>": {"GET": group.group_page},
    "/suggest": {"GET": suggest.suggestions},
    "/static/<name>": {"GET": static.static_file},
}
