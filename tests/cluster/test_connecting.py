"""What is said where no cluster answers."""

from __future__ import annotations

import socket

import pytest

from screentime.cluster.connecting import Spread, connected
from screentime.errors import UserMistake
from screentime.talk import Talk

REMEDY = " See that `ray start` was run there, or leave --address out to use this machine alone."


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_where_nobody_listens_it_is_said_at_once(scheme):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"{scheme}127.0.0.1:{port}"
    with pytest.raises(UserMistake) as caught, connected(Spread(address), Talk()):
        pass
    assert str(caught.value) == f"No Ray cluster answers at {address} (Connection refused).{REMEDY}"


def test_what_is_no_address_is_said():
    with pytest.raises(UserMistake) as caught, connected(Spread("no such"), Talk()):
        pass
    assert str(caught.value) == f"No Ray cluster answers at no such (Invalid address format: no such).{REMEDY}"
