"""Ports: who listens on them, told before anything starts."""

import socket

import psutil
import pytest

from screentime.errors import UserMistake
from screentime.labelstudio import server


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


def test_no_port(make_home):
    with pytest.raises(UserMistake, match="70000 is no port. Choose one from 1024 to 65535: --port 8080."):
        server.start(make_home(), port=70000)
