"""What is on this machine is reached without a proxy; all else goes through it."""

import asyncio
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler

import pytest
import requests

from codeio_ops.config import Settings
from codeio_ops.local.environment import base_environment
from codeio_ops.proxies import is_loopback, sparing_loopback
from codeio_ops.storage.objects import ObjectStore
from codeio_ops.teacher.endpoint import Endpoint
from codeio_ops.teacher.session import connect
from codeio_ops.testing.servers import LocalEndpoint, QuietHandler

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
# Nothing listens there; and a kind of proxy that `httpx` does not understand by itself.
DEAD = ("http://127.0.0.1:9", "socks5://127.0.0.1:9")
OUTSIDE = "http://outside.example"
Serve = Callable[[str], None]


class _Everything(LocalEndpoint):
    """Answers whatever it is asked, as a server or as a proxy, and notes it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Handler(QuietHandler, BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.answer(b'{"object": "list", "data": []}')

        super().__init__(Handler)


@pytest.fixture
def server() -> Iterator[_Everything]:
    with _Everything() as running:
        yield running


@pytest.fixture
def proxies(monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Return a function that names the proxy of this shell, in every variable."""

    def use(proxy: str) -> None:
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        for name in VARIABLES:
            monkeypatch.setenv(name, proxy)

    return use


def _get_object(url: str) -> None:
    settings = Settings(s3_endpoint_url=url, s3_access_key="k", s3_secret_key="s")
    ObjectStore.open(settings, bucket="b").get("key")


def _list_models(url: str) -> None:
    async def ask() -> None:
        settings = Settings(openai_base_url=f"{url}/v1")
        async with connect(settings, Endpoint.chosen(settings)) as client:
            await client.models.list()

    asyncio.run(ask())


CLIENTS = {"boto3": _get_object, "openai": _list_models}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("proxy", DEAD)
def test_this_machine_is_reached_without_a_proxy(
    server: _Everything, proxies: Serve, client: str, host: str, proxy: str
) -> None:
    proxies(proxy)
    CLIENTS[client](f"http://{host}:{server.port}")
    assert len(server.asked) == 1


@pytest.mark.parametrize("client", CLIENTS)
def test_what_is_outside_is_reached_through_it(
    server: _Everything, proxies: Serve, client: str
) -> None:
    proxies(f"http://127.0.0.1:{server.port}")
    CLIENTS[client](OUTSIDE)
    (asked,) = server.asked
    assert asked.startswith(f"{OUTSIDE}/")


def test_other_clients_of_a_process_of_the_stack_are_told(
    server: _Everything, proxies: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxies(DEAD[0])
    monkeypatch.setenv("no_proxy", "intranet.example")
    environment = base_environment()
    assert environment["HTTP_PROXY"] == DEAD[0]
    assert environment["NO_PROXY"].startswith("intranet.example,")
    monkeypatch.setenv("NO_PROXY", environment["NO_PROXY"])
    monkeypatch.setenv("no_proxy", environment["no_proxy"])
    assert requests.get(f"http://127.0.0.1:{server.port}", timeout=5).ok


@pytest.mark.parametrize(
    ("given", "spared"),
    [
        ({}, "localhost,127.0.0.1,::1"),
        ({"no_proxy": "a, b"}, "a,b,localhost,127.0.0.1,::1"),
        ({"NO_PROXY": "b,localhost", "no_proxy": "a"}, "a,b,localhost,127.0.0.1,::1"),
        ({"NO_PROXY": "*"}, "*"),
    ],
)
def test_exceptions_of_the_shell_stay(given: dict[str, str], spared: str) -> None:
    assert sparing_loopback(given) == {"no_proxy": spared, "NO_PROXY": spared}


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:8900/v1", True),
        ("http://127.8.9.1", True),
        ("https://localhost", True),
        ("http://model.localhost:1", True),
        ("http://[::1]:5/x", True),
        ("http://0.0.0.0:8000/v1", True),
        ("http://10.0.0.1", False),
        ("https://api.openai.com/v1", False),
        ("http://localhost.example", False),
        ("", False),
    ],
)
def test_this_machine_is_known_by_its_names(url: str, here: bool) -> None:
    assert is_loopback(url) is here
