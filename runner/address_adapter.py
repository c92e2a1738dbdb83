"""Holds a session of `requests` to an address rule: each connection is looked at when it is made."""
from __future__ import annotations

import socket
from typing import Any

from requests.adapters import HTTPAdapter
from requests.models import PreparedRequest, Response
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from runner.address_rule import AddressRefusedError, AddressRule, host_of


class RuledAdapter(HTTPAdapter):
    """For `session.mount("https://", ...)`. Behind a proxy only what is written as an address can be looked at."""

    def __init__(self, rule: AddressRule) -> None:
        self._rule = rule
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make connections that look."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _pool(HTTPConnectionPool, HTTPConnection, self._rule),
                                                   "https": _pool(HTTPSConnectionPool, HTTPSConnection, self._rule)}

    def send(self, request: PreparedRequest, *arguments: Any, **options: Any) -> Response:
        """Send a request, after a look at its address where the proxy will make the connection."""
        host, _ = host_of(request.url or "")
        if options.get("proxies") and _is_address(host) and not self._rule.allows(host, host):
            raise AddressRefusedError(host, host)
        return super().send(request, *arguments, **options)


def _pool(pool: Any, connection: Any, rule: AddressRule) -> Any:
    class RuledConnection(connection):  # type: ignore[misc]
        def _new_conn(self) -> socket.socket:
            made: socket.socket = super()._new_conn()
            address = str(made.getpeername()[0])
            if not rule.allows(self.host, address):
                made.close()
                raise AddressRefusedError(self.host, address)
            return made

    return type("RuledPool", (pool,), {"ConnectionCls": RuledConnection})


def _is_address(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except (OSError, ValueError):
            continue
        return True
    return host == "localhost"
