"""Every page's door: what goes wrong becomes a page in words, never a line of JSON or a traceback."""
from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Sequence
from typing import Any

from reporting.database.exchange import ApiError, HtmlError, Request, Response
from reporting.database.faults import FieldsError
from reporting.database.pages.template import page
from reporting.database.service import Service
from reporting.database.storage import StorageBusyError, StorageTimeoutError

logger = logging.getLogger(__name__)

_TITLES = {
    400: "This address cannot be answered",
    404: "Not here",
    405: "Not possible here",
    503: "The database does not answer now",
}


class MissingError(Exception):
    """Raised when what a page is about does not exist. `text`: what was looked for and why it may be missing."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__(title)
        self.title = title
        self.text = text


def endpoint(answer: Callable[..., Response]) -> Callable[..., Response]:
    """Return the endpoint with its errors told as pages."""
    @functools.wraps(answer)
    def told(service: Service, request: Request, **parts: Any) -> Response:
        try:
            return answer(service, request, **parts)
        except MissingError as error:
            return problem(request, 404, [error.text], error.title)
        except FieldsError as error:
            return problem(request, 400, [_fault_line(fault) for fault in error.faults])
        except (ApiError, HtmlError) as error:
            text = error.message if isinstance(error, ApiError) else error.text
            return problem(request, error.status, [text])
        except StorageTimeoutError as error:
            return problem(request, 503, [str(error)], "This question takes too long")
        except StorageBusyError as error:
            logger.warning("database is away; a page says so", extra={"fault": str(error)})
            return problem(request, 503, ["Nothing is lost; reload the page in a moment."])

    return told


def problem(request: Request, status: int, texts: Sequence[str], title: str | None = None) -> Response:
    """Return a page that says what is wrong."""
    answer = page(request, "problem.html", status, texts=texts, number=status,
                  title=title or _TITLES.get(status, "Something went wrong"))
    if status == 503:
        answer.headers["Retry-After"] = "2"
    return answer


def _fault_line(fault: dict[str, Any]) -> str:
    name = ".".join(map(str, fault["loc"])) or "the request"
    message = str(fault["msg"]).removeprefix("Value error, ")
    given = str(fault.get("input"))
    return f"`{name}` is `{given[:200]}`: {message[:1].lower()}{message[1:]}."
