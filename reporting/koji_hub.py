"""
What a Koji hub knows of a build: its task, who built it, when, and from which sources.

The one call that is needed here, `getBuild`, in plain XML-RPC: the client
library of Koji is an extra, and a gate must not need it. Answers of a hub are
a stranger's words: they are limited in size and parsed without entities.
"""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

import requests

from reporting.reporter import AwayError, RefusedError
from reporting.urls import without_password

_TIMEOUT_SECONDS = (6.1, 15)
#: Bytes. A build's record has 3 kB.
_ANSWER_LIMIT = 1024 * 1024
_CALL = ("<?xml version='1.0'?><methodCall><methodName>getBuild</methodName><params><param><value><string>{}</string>"
         "</value></param></params></methodCall>")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a build's sources are: `https://src.fedoraproject.org/rpms/bash.git#5e0ae23a`."""

    #: With a slash at its end, `rpms/`; "" where there is none.
    namespace: str
    #: The repository's name, not always that of the build.
    package: str
    revision: str


@dataclass(frozen=True, slots=True)
class KojiBuild:
    """What a decision or a message needs of a build."""

    nvr: str
    #: None for builds that were imported.
    task_id: int | None
    issuer: str | None
    #: UTC. None where the hub gives none that can be read.
    created: datetime | None
    #: As the hub has it; None where the build has no sources in git.
    source: str | None

    def sources(self) -> Sources | None:
        """Return where the sources are, None where no revision is named."""
        parts = urlsplit(self.source or "")
        pieces = parts.path.rsplit("/", 2)
        if not parts.fragment or not pieces[-1]:
            return None
        namespace = f"{pieces[-2]}/" if len(pieces) == 3 and pieces[-2] else ""
        name = pieces[-1].removesuffix(".git")
        if namespace == "containers/":
            name = name.removesuffix("-container")
        return Sources(namespace, name, parts.fragment)


class KojiHub:
    """One hub, `https://koji.fedoraproject.org/kojihub`. Each build is asked for once."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._builds: dict[str, KojiBuild | None] = {}

    def build(self, nvr: str) -> KojiBuild | None:
        """Return the build, None where the hub has none of that name. Raises AwayError, RefusedError."""
        if nvr not in self._builds:
            self._builds[nvr] = _build(nvr, _ask(self.url, nvr))
        return self._builds[nvr]


def _ask(url: str, nvr: str) -> Any:
    name = f"Koji {without_password(url)}"
    body = _CALL.format(escape(nvr)).encode()
    try:
        with requests.post(url, data=body, timeout=_TIMEOUT_SECONDS, stream=True, allow_redirects=False,
                           headers={"Content-Type": "text/xml", "User-Agent": "checkotron"}) as response:
            content = b""
            for part in response.iter_content(65536):
                content += part
                if len(content) > _ANSWER_LIMIT:
                    raise RefusedError(f"{name}: the answer is larger than {_ANSWER_LIMIT} bytes; is this a hub?")
    except requests.RequestException as error:
        raise AwayError(f"{name}: cannot be reached: {type(error).__name__}") from None
    if response.status_code >= 500 or response.status_code == 429:
        raise AwayError(f"{name}: answered {response.status_code}")
    if response.status_code != 200:
        raise RefusedError(f"{name}: answered {response.status_code}; is this a hub?")
    return _value_in(content, name)


def _value_in(content: bytes, name: str) -> Any:
    """Return the value of an XML-RPC answer: xmlrpc.com/spec.md, with `nil` and `i8` as Koji writes them."""
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(content)
        fault = root.find("fault/value")
        if fault is not None:
            raise RefusedError(f"{name}: {_python(fault).get('faultString', 'fault without a word')}"[:500])
        value = root.find("params/param/value")
        if root.tag != "methodResponse" or value is None:
            raise ValueError("no answer in it")
        return _python(value)
    except (ParseError, DefusedXmlException, ValueError, AttributeError, RecursionError):
        raise RefusedError(f"{name}: the answer is no XML-RPC; is this a hub?") from None


def _python(value: Element) -> Any:
    kind = next(iter(value), None)
    if kind is None:
        return value.text or ""
    text = kind.text or ""
    if kind.tag == "struct":
        return {member.findtext("name", ""): _python(one) for member in kind
                if (one := member.find("value")) is not None}
    if kind.tag == "array":
        return [_python(one) for one in kind.findall("data/value")]
    if kind.tag in ("int", "i4", "i8"):
        return int(text)
    if kind.tag in ("nil", "{http://ws.apache.org/xmlrpc/namespaces/extensions}nil"):
        return None
    return text


def _build(nvr: str, data: Any) -> KojiBuild | None:
    if not isinstance(data, Mapping):
        return None
    extra = data.get("extra")
    original = extra.get("source") if isinstance(extra, Mapping) else None
    source = data.get("source") or (original.get("original_url") if isinstance(original, Mapping) else None)
    task_id = data.get("task_id")
    return KojiBuild(
        nvr, task_id if isinstance(task_id, int) else None, _text(data.get("owner_name")),
        _moment(data.get("creation_time")), _text(source))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _moment(value: object) -> datetime | None:
    """Return the time in `2021-04-26 02:51:10.076183+00:00`; hubs leave out the zone, or its minutes."""
    try:
        moment = datetime.fromisoformat(re.sub(r"([+-]\d\d)$", r"\1:00", str(value)))
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
