"""The literal list of pages; joined to the API's routes."""
from __future__ import annotations

from collections.abc import Callable, Mapping

from reporting.database.exchange import Response
from reporting.database.pages import front

#: Path to method to endpoint, as in `reporting/database/routes.py`.
PAGE_ROUTES: dict[str, Mapping[str, Callable[..., Response]]] = {
    "/": {"GET": front.newest_results},
    "/results": {"GET": front.newest_results},
}
