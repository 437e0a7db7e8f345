"""What is said where no cluster answers."""

from __future__ import annotations

import socket
import subprocess
import sys

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


STARTED = """
import os, subprocess, sys, psutil
from screentime.cluster.connecting import Spread, connected
from screentime.talk import Talk

out = sys.stdout
with connected(Spread(workers=1), Talk()) as (ray, workers):
    print(workers, ray.get(ray.remote(lambda: 7).remote()), file=out)
    env = {name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH")}
    stranger = f"import ray; ray.init(address={ray.get_runtime_context().gcs_address!r}); print('in')"
    print(subprocess.run([sys.executable, "-c", stranger], env=env, capture_output=True, text=True).stdout or "refused", file=out)
    own = [psutil.Process(), *psutil.Process().children(recursive=True)]
    listening = [one.laddr.ip for process in own for one in process.net_connections() if one.status == "LISTEN"]
    print(len(listening) >= 3, *{ip.removeprefix("::ffff:") for ip in listening}, file=out)
"""


def test_a_cluster_of_ones_own_obeys_nobody_else_and_listens_to_this_machine_alone():
    done = subprocess.run([sys.executable, "-c", STARTED], capture_output=True, text=True, timeout=200)
    assert done.stdout.split() == ["1", "7", "refused", "True", "127.0.0.1"], done.stderr
