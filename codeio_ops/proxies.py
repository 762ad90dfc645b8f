"""Proxies of the shell: what is on this machine is reached without one, all else as it says."""

import ipaddress
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import ssl

_VARIABLES = ("no_proxy", "NO_PROXY")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class HttpOptions(TypedDict):
    """Options of a client of `httpx`."""

    trust_env: bool
    verify: "ssl.SSLContext"


def sparing_loopback(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that keep the clients of a process from a proxy to this machine.

    Args:
        environment: What the shell says; the exceptions that it names stay.
    """
    named = [environment.get(name, "").split(",") for name in _VARIABLES]
    hosts = dict.fromkeys(host.strip() for part in named for host in part if host.strip())
    # Many clients know the star only where it stands alone.
    spared = "*" if "*" in hosts else ",".join(hosts | dict.fromkeys(_LOOPBACK))
    return dict.fromkeys(_VARIABLES, spared)


def is_loopback(url: str) -> bool:
    """Say whether an address is on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def http_options(url: str, *, direct: bool = False) -> HttpOptions:
    """Return what a client of `url` is opened with; `direct` says that no proxy is on its way.

    A client that trusts the environment fails over a proxy that it does not understand, also
    where it would not use it; the certificates that the environment names are trusted anyway.
    """
    import httpx

    trusts = not direct and not is_loopback(url)
    return {"trust_env": trusts, "verify": httpx.create_ssl_context()}
