"""Ports: who listens on them, told before anything starts."""

import socket

import psutil
import pytest

from screentime.errors import UserMistake
from screentime.labelstudio import listener, server


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def test_busy_port_is_refused_before_anything_starts(make_home, free_port):
    home = make_home()
    with socket.create_server(("127.0.0.1", free_port)):
        with pytest.raises(UserMistake) as raised:
            server.start(home, port=free_port)
    me = psutil.Process()
    assert str(raised.value) == (
        f"Port {free_port} is already in use by {me.name()} (process {me.pid})."
        f" Choose another one, for example --port {free_port + 1}."
    )
    assert not (home / "labelstudio" / "server.json").exists()


def test_a_host_that_is_none_of_this_machine_s(free_port):
    for host in ("nosuch.invalid", "192.0.2.1", "2001:db8::1", "x" * 300):
        with pytest.raises(UserMistake) as raised:
            listener.require_free(host, free_port)
        assert str(raised.value) == f"{host} is no address of this machine. Use --host 127.0.0.1."


def test_a_host_may_be_of_the_newer_kind(free_port):
    if not has_ipv6():
        pytest.skip("no IPv6 on this machine")
    with listener.listen("::1", free_port) as listening:
        assert listening.getsockname()[:2] == ("::1", free_port)
        with pytest.raises(UserMistake, match=f"^Port {free_port} is already in use by "):
            listener.require_free("::1", free_port)


def test_of_a_name_s_addresses_the_older_kind_is_listened_on(free_port):
    with listener.listen("localhost", free_port) as listening:
        assert listening.getsockname() == ("127.0.0.1", free_port)


def test_no_port(make_home):
    with pytest.raises(UserMistake, match="70000 is no port. Choose one from 1024 to 65535: --port 8080."):
        server.start(make_home(), port=70000)
