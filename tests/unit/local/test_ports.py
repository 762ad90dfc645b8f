"""Ports: the preferred one unless somebody holds it, and stable once chosen."""

import socket
from collections.abc import Iterator

import pytest

from codeio_ops.local import ports


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind((ports.LOOPBACK, 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ports.LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


def test_a_listener_on_loopback_takes_its_port(taken_port: int) -> None:
    assert not ports.is_free(taken_port)


def test_a_listener_on_all_interfaces_takes_its_port() -> None:
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        listener.listen()
        assert not ports.is_free(listener.getsockname()[1])


def test_the_preferred_port_is_used_when_free(free_port: int) -> None:
    assert ports.choose(free_port, taken=()) == free_port


def test_a_taken_port_is_replaced(taken_port: int) -> None:
    assert ports.choose(taken_port, taken=()) != taken_port


def test_a_running_component_keeps_its_port(taken_port: int) -> None:
    wanted = {**ports.ANY, "postgres": taken_port}
    assert ports.assign(wanted, running={"postgres"})["postgres"] == taken_port
    assert ports.assign(wanted, running=())["postgres"] != taken_port


def test_no_two_listeners_share_a_port(free_port: int) -> None:
    assigned = ports.assign(dict.fromkeys(ports.PREFERRED, free_port), running=())
    assert len(set(assigned.values())) == len(ports.PREFERRED)


def test_every_port_has_a_user() -> None:
    assert {name for names in ports.USERS.values() for name in names} == set(ports.PREFERRED)
