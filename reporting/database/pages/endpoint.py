"""Every page's door: what goes wrong becomes a page in words, never a line of JSON or a traceback."""
from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping, Sequence
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


_TEXTS = {
    404: "No page has this address. It may have been mistyped, or cut off where it was copied.",
    405: "This address cannot be used in this way; it only shows a page.",
    500: "This is a bug of the server, which has been noted in its log.",
    503: "Nothing is lost; reload the page in a moment.",
}


class MissingError(Exception):
    """
    Raised when what a page is about does not exist.

    `text`: what was looked for and why it may be missing. `near`: what may have been meant, (item, item type).
    """

    def __init__(self, title: str, text: str, near: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(title)
        self.title = title
        self.text = text
        self.near = near


def endpoint(answer: Callable[..., Response]) -> Callable[..., Response]:
    """Return the endpoint with its errors told as pages."""
    @functools.wraps(answer)
    def told(service: Service, request: Request, **parts: Any) -> Response:
        try:
            return answer(service, request, **parts)
        except MissingError as error:
            return problem(request, 404, [error.text], error.title, error.near)
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


def wants_page(headers: Mapping[str, str], quoted_path: str) -> bool:
    """True where a browser asks for a page; the API answers in its own way whoever asks."""
    return "text/html" in headers.get("accept", "") and not quoted_path.startswith("/api")


def in_words(request: Request, answer: Response) -> Response:
    """Return an error of the server as a page; one that is a page already stays."""
    if "Content-Security-Policy" in answer.headers:
        return answer
    told = problem(request, answer.status, [_TEXTS.get(answer.status, "The server could not answer.")])
    told.headers.update(answer.headers)
    return told


def problem(request: Request, status: int, texts: Sequence[str], title: str | None = None,
            near: Sequence[tuple[str, str]] = ()) -> Response:
    """Return a page that says what is wrong."""
    answer = page(request, "problem.html", status, texts=texts, number=status, near=near,
                  title=title or _TITLES.get(status, "Something went wrong"))
    if status == 503:
        answer.headers["Retry-After"] = "2"
    return answer


def _fault_line(fault: dict[str, Any]) -> str:
    name = ".".join(map(str, fault["loc"])) or "the request"
    message = str(fault["msg"]).removeprefix("Value error, ")
    given = str(fault.get("input"))
    return f"`{name}` is `{given[:200]}`: {message[:1].lower()}{message[1:]}."
