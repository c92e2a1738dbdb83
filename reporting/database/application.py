"""
One request answered: proxy headers, route, endpoint, errors. Read this first.

1. `Request` is built by the server's door; the proxy's headers make its base URL.
2. The route is found; doubled slashes redirect, a wrong method is 405.
3. The endpoint reads the request, asks the storage, renders.
4. Whatever is raised becomes an answer: 400 with every fault, 404, 415, 422,
   503 with Retry-After where the database is away, 500 only for a bug.
"""
from __future__ import annotations

import contextlib
import gzip
import html
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from urllib.parse import quote, unquote

from reporting.database.exchange import HTML, ApiError, HtmlError, Request, Response, dumped, json_response
from reporting.database.faults import FieldsError
from reporting.database.metrics import Metrics
from reporting.database.pages.endpoint import in_words, wants_page
from reporting.database.routes import ALL_ROUTES, Router
from reporting.database.service import Service
from reporting.database.storage import StorageBusyError, StorageHurryError, StorageTimeoutError

logger = logging.getLogger(__name__)

_HOST = re.compile(r"[A-Za-z0-9._~\[\]:-]{1,255}")
_SLASHES = re.compile("/{2,}")
#: Smaller answers fit into a few packets: compressing them costs more than it saves.
_GZIP_FROM_BYTES = 16_384
#: Their questions are short; pages ask several.
_QUICK_PATHS = "/api/v2.0"
_RETRY_SECONDS = "2"
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request as the server received it."""

    method: str
    #: Percent-encoded, without the query.
    quoted_path: str
    query_string: str
    headers: Mapping[str, str]
    body: bytes
    scheme: str
    #: Used where the client sent no Host.
    server: str
    waited_seconds: float = 0.0


class Application:
    """Answers requests; any number of threads may call it."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._metrics = Metrics()
        self._router = Router({**ALL_ROUTES, "/metrics": {"GET": self._metrics.page}})

    def answer_at_once(self, arrival: Arrival) -> Response | None:
        """Return the answer where it takes milliseconds and waits for nobody, else None."""
        if arrival.method != "GET" or not arrival.quoted_path.startswith(_QUICK_PATHS):
            return None
        hurry = self.service.storage.hurried()
        if hurry is None:
            return None
        try:
            with hurry:
                return self.answer(arrival)
        except StorageHurryError:
            return None

    def answer(self, arrival: Arrival) -> Response:
        """Return the answer; never raises (but StorageHurryError). A browser gets an error as a page."""
        started = perf_counter()
        answer = self._answered(arrival)
        if answer.ask_again_seconds is None:
            self._note(arrival, answer.status, perf_counter() - started)
        if answer.status >= 400 and wants_page(arrival.headers, arrival.quoted_path):
            with contextlib.suppress(ApiError):  # a Host header that is no host: no page has an address then
                answer = in_words(_request(arrival), answer)
        return _compressed(answer, arrival)

    def _note(self, arrival: Arrival, status: int, seconds: float) -> None:
        """Count and log a request that was answered."""
        match = self._router.find(unquote(arrival.quoted_path))
        self._metrics.note(arrival.method, match.route if match else "none", status, seconds)
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("request answered", extra={"method": arrival.method, "path": arrival.quoted_path,
                                                    "status": status, "milliseconds": round(seconds * 1000, 2)})

    def _answered(self, arrival: Arrival) -> Response:
        try:
            return self._answer(_request(arrival))
        except StorageHurryError:
            raise
        except FieldsError as error:
            return error.response()
        except ApiError as error:
            answer = json_response(dumped({"message": error.message}), error.status)
            answer.headers.update(error.headers)
            return answer
        except HtmlError as error:
            return _html(error)
        except StorageBusyError as error:
            logger.warning("database is away; the client was told to try again", extra={"fault": str(error)})
            answer = json_response(dumped({"message": "Unable to communicate with database"}), 503)
            answer.headers["Retry-After"] = _RETRY_SECONDS
            return answer
        except StorageTimeoutError as error:
            return json_response(dumped({"message": str(error)}), 503)
        except RecursionError:
            return json_response(dumped({"message": "Bad request"}), 400)
        except Exception:
            logger.exception("bug: request failed", extra={"method": arrival.method, "path": arrival.quoted_path})
            return json_response(dumped({"message": "Internal Server Error"}), 500)

    def _answer(self, request: Request) -> Response:
        path = request.path
        match = None if "\0" in path else self._router.find(path)
        if match is None:
            merged = _SLASHES.sub("/", path)
            if merged != path and self._router.find(merged) is not None:
                raise _moved(request, _SLASHES.sub("/", request.quoted_path))
            raise ApiError(404, "Not found")
        if request.method == "OPTIONS":
            return Response(200, b"", HTML, {"Allow": match.allowed})
        if request.method == "HEAD" and "GET" in match.methods:
            request.method = "GET"
            answer = match.answer(self.service, request)
            return Response(answer.status, b"", answer.content_type,
                            {**answer.headers, "Content-Length": str(len(answer.body))})
        if request.method not in match.methods:
            raise HtmlError(405, "Method Not Allowed", "The method is not allowed for the requested URL.",
                            {"Allow": match.allowed})
        return match.answer(self.service, request)


def _request(arrival: Arrival) -> Request:
    """Return the request as the client behind the proxy meant it. Raises ApiError: a header is no host."""
    headers = arrival.headers
    # of several proxies the first is the one that the client sees
    schemes = headers.get("x-forwarded-scheme") or headers.get("x-forwarded-proto") or arrival.scheme
    scheme = schemes.partition(",")[0].strip().lower()
    host = headers.get("x-forwarded-host", "").partition(",")[0].strip() or headers.get("host") or arrival.server
    host = host.lower()
    if scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(host):
        raise ApiError(400, "Bad request")
    script_name = _script_name(headers.get("x-script-name", ""))
    quoted_path = arrival.quoted_path
    if script_name and quoted_path.startswith(script_name):
        quoted_path = quoted_path[len(script_name):] or "/"
    return Request(
        method=arrival.method, path=unquote(quoted_path), query_string=arrival.query_string, headers=headers,
        body=arrival.body, base_url=f"{scheme}://{host.removesuffix(_DEFAULT_PORTS[scheme])}{script_name}",
        quoted_path=quoted_path, waited_seconds=arrival.waited_seconds)


def _script_name(given: str) -> str:
    """Return the path below which the proxy shows us, with a slash before it and none after; "" for the root."""
    name = unquote(given).strip("/")
    return quote(f"/{name}", safe="/-._~!$&'()*+,;=:@") if name else ""


def _compressed(answer: Response, arrival: Arrival) -> Response:
    """Return the answer as gzip where the client takes it and it is worth the while."""
    if len(answer.body) < _GZIP_FROM_BYTES or "gzip" not in arrival.headers.get("accept-encoding", ""):
        return answer
    if "Content-Encoding" not in answer.headers and answer.content_type.startswith(("text/", "application/json")):
        answer.body = gzip.compress(answer.body, 1, mtime=0)
        answer.headers["Content-Encoding"] = "gzip"
    answer.headers["Vary"] = "Accept-Encoding"
    return answer


def _moved(request: Request, quoted_path: str) -> HtmlError:
    query = f"?{request.query_string}" if request.query_string else ""
    target = request.base_url + quoted_path + query
    return HtmlError(308, "Redirecting...", f"You should be redirected automatically to the target URL: {target}. "
                     "If not, click the link.", {"Location": target})


def _html(error: HtmlError) -> Response:
    title = html.escape(error.title)
    number = "" if 300 <= error.status < 400 else f"{error.status} "
    page = (f"<!doctype html>\n<html lang=en>\n<title>{number}{title}</title>\n<h1>{title}</h1>\n"
            f"<p>{html.escape(error.text)}</p>\n")
    return Response(error.status, page.encode(), HTML, error.headers)
