"""GET /api/v2.0: where things are; GET /api/v2.0/healthcheck."""
from __future__ import annotations

import logging

from reporting.database.exchange import ApiError, Request, Response, dumped, json_response
from reporting.database.links import API
from reporting.database.service import Service
from reporting.database.storage import StorageError

logger = logging.getLogger(__name__)


def landing(service: Service, request: Request) -> Response:
    """Answer with 300: several things to choose from. Probes and clients read it."""
    base = request.base_url + API
    return json_response(dumped({
        "message": "This is no grail, but whoever seeks results finds them here.",
        "documentation": f"{request.base_url}/api/docs",
        "groups": f"{base}/groups",
        "results": f"{base}/results",
        "testcases": f"{base}/testcases",
        "outcomes": list(service.outcomes),
    }), 300)


def healthcheck(service: Service, request: Request) -> Response:
    """Answer whether the database does."""
    try:
        service.storage.check()
    except StorageError as error:
        logger.warning("health check failed; requests fail until the database answers", extra={"fault": str(error)})
        raise ApiError(503, "Unable to communicate with database") from None
    return json_response(dumped({"message": "Health check OK"}))
