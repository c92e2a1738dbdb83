"""An address as v3 stores it: one spelling for each (url.spec.whatwg.org), or what is wrong with it."""
from __future__ import annotations

from urllib.parse import SplitResult, quote, urlsplit

#: Characters of an address.
URL_LIMIT = 2083
_DEFAULT_PORTS = {"http": 80, "https": 443}
#: Characters that stay as they are, and the per cent sign of what is quoted already.
_SAFE = "%!$&'()*+,/:;=?@[]~|^"


class UrlError(ValueError):
    """Raised when a text is no web address; `kind` and `message` are those of the original's answers."""

    def __init__(self, kind: str, message: str | None = None) -> None:
        super().__init__(message or kind)
        self.kind = kind
        self.message = message


def normal_url(text: str) -> str:
    """Return it with the host in small ASCII letters, no default port, a path, the rest quoted. Raises UrlError."""
    given = text.strip()
    if not given:
        raise UrlError("url_parsing", "Input should be a valid URL, input is empty")
    if len(given) > URL_LIMIT:
        raise UrlError("url_too_long", f"URL should have at most {URL_LIMIT} characters")
    try:
        parts = urlsplit(given.replace("\\", "/"))
        port = parts.port
    except ValueError:
        raise UrlError("url_parsing", "Input should be a valid URL, invalid host or port") from None
    if not parts.scheme:
        raise UrlError("url_parsing", "Input should be a valid URL, relative URL without a base")
    if parts.scheme not in _DEFAULT_PORTS:
        raise UrlError("url_scheme")
    if not parts.hostname:
        raise UrlError("url_parsing", "Input should be a valid URL, empty host")
    user, at, _ = parts.netloc.rpartition("@")
    port_text = "" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return SplitResult(parts.scheme, f"{quote(user, safe=_SAFE)}{at}{_host(parts.hostname)}{port_text}",
                       quote(parts.path or "/", safe=_SAFE), quote(parts.query, safe=_SAFE),
                       quote(parts.fragment, safe=_SAFE)).geturl()


def _host(name: str) -> str:
    """Return the host in ASCII."""
    if ":" in name:
        return f"[{name}]"
    try:
        host = name.encode("idna").decode()
    except UnicodeError:
        host = " "
    if any(letter in host for letter in " <>|^%\"'`{}"):
        raise UrlError("url_parsing", "Input should be a valid URL, invalid international domain name")
    return host
