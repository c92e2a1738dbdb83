"""
Which addresses a check may have asked on its behalf.

Directives that fetch work in the runner, outside of what keeps a check in: an
address that stands in a check's file, or in an item, would reach what only the
runner's machine reaches (a service on localhost, a cloud's metadata). So what
is not the operator's own setting is held to a rule: `public` addresses for
checks that are not trusted, `any` for the others, or what $CHECKOTRON_ADDRESSES
lists. The address that answers counts, not the name: a name can mean another
address at each question, and a redirection leads anywhere.
"""
from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from checks.item import shown
from runner.directive import DirectiveError
from runner.package_source import SourceError

if TYPE_CHECKING:
    from requests.adapters import HTTPAdapter

#: The setting, and the two words it may have beside names and networks.
SETTING, ANY, PUBLIC = "addresses", "any", "public"
VARIABLE = "CHECKOTRON_ADDRESSES"

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
#: IPv6 addresses that stand for the IPv4 address at their end: RFC 6052.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressRuleError(ValueError):
    """Raised when a list of addresses cannot be read."""


class AddressRefusedError(DirectiveError):
    """Raised when an address is not among those that may be asked."""

    def __init__(self, host: str, address: str) -> None:
        what = f"`{shown(host)}`" + (f" is {address}, and that" if address != host else "")
        super().__init__(f"{what} is not among the addresses that this check may have asked; whoever runs it allows it "
                         f"with ${VARIABLE}, such as `public {address}`", "address-refused")


@dataclass(frozen=True, slots=True)
class AddressRule:
    """What may be asked."""

    is_public_allowed: bool = True
    hosts: tuple[str, ...] = ()
    networks: tuple[_Network, ...] = ()

    def allows(self, host: str, address: str) -> bool:
        """True where that address may be asked under that name."""
        if any(host == name or (name.startswith(".") and host.endswith(name)) for name in self.hosts):
            return True
        try:
            real = _real(ipaddress.ip_address(address.partition("%")[0]))
        except ValueError:
            return False
        if any(real in network for network in self.networks if network.version == real.version):
            return True
        return self.is_public_allowed and real.is_global and not real.is_multicast

    def addresses_of(self, host: str, port: int) -> list[str]:
        """Return the addresses of a name, all allowed. Raises AddressRefusedError, SourceError (no such name)."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise SourceError(f"`{shown(host)}`: no such name: {error}") from None
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        for address in addresses:
            if not self.allows(host, address):
                raise AddressRefusedError(host, address)
        return addresses

    def adapter(self) -> HTTPAdapter:
        """Return what a session of `requests` is to be mounted with: each connection is looked at when it is made."""
        from runner.address_adapter import RuledAdapter

        return RuledAdapter(self)


def rule_of(text: str) -> AddressRule | None:
    """Return the rule that a list with spaces or commas says, None for `any`. Raises AddressRuleError."""
    words = text.replace(",", " ").split()
    if ANY in words:
        return None
    hosts, networks = [], []
    for word in words:
        if word == PUBLIC:
            continue
        try:
            networks.append(ipaddress.ip_network(word, strict=False))
        except ValueError:
            if "/" in word or ":" in word:
                raise AddressRuleError(f"${VARIABLE}: `{shown(word)}` is no network and no name; expected words such "
                                       "as `public`, `10.1.0.0/16`, `koji.example.org`, `.example.org`") from None
            hosts.append(word.lower())
    return AddressRule(PUBLIC in words, tuple(hosts), tuple(networks))


def rule_in(settings: Mapping[str, str]) -> AddressRule | None:
    """Return the rule for addresses that a check names; None: it may name any."""
    return rule_of(settings[SETTING]) if SETTING in settings else None


def folder_refused(folder: str) -> DirectiveError:
    """Return what is told where a check names a folder of this machine, and only addresses are open to it."""
    return DirectiveError(f"`{shown(folder)}` is a folder of this machine; a check that is not trusted may name URLs "
                          f"only. Whoever runs it gives the folder with --koji-store, or sets ${VARIABLE} to `any`",
                          "address-refused")


def host_of(url: str) -> tuple[str, int]:
    """Return name and port of a URL of http or https."""
    parts = urlsplit(url)
    return (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))


def _real(address: _Address) -> _Address:
    """Return the IPv4 address that an IPv6 address stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1] or address
