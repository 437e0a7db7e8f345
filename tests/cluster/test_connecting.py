"""What is said where no cluster answers."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from screentime.cluster.connecting import Spread, connected
from screentime.errors import ScreentimeError, UserMistake
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


def test_another_ray_than_the_clusters_is_named(cluster, monkeypatch):
    import platform

    import ray

    own = platform.python_version()
    monkeypatch.setattr("ray._private.utils.compute_version_info", lambda: ("1.2.3", own))
    with pytest.raises(UserMistake) as caught, connected(Spread(cluster), Talk()):
        pass
    assert str(caught.value) == (
        f"The cluster at {cluster} has Ray {ray.__version__} and Python {own}; here are Ray 1.2.3 and Python {own}."
        " Install the same there and here."
    )


@pytest.mark.parametrize("name", ["x" * 100, "file"])
def test_a_folder_that_does_not_do_for_ray_is_said(tmp_path, monkeypatch, name):
    """As on a machine whose temporary folder has a long name."""
    for variable in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"):
        monkeypatch.setenv(variable, "")  # is put back with what else of it is set
    folder = tmp_path / name
    folder.touch() if name == "file" else folder.mkdir()
    monkeypatch.setenv("RAY_TMPDIR", str(folder))
    with pytest.raises(ScreentimeError, match=r"^Ray cannot be started here \(.*\)\. Set RAY_TMPDIR to a folder that") as caught:
        with connected(Spread(workers=1), Talk()):
            pass
    assert str(folder) in str(caught.value)


STARTED = """
import os, subprocess, sys, psutil, time
from screentime.cluster.connecting import Spread, connected
from screentime.talk import Talk

out = sys.stdout
with connected(Spread(workers=1), Talk()) as (ray, workers):
    print(workers, ray.get(ray.remote(lambda: 7).remote()), file=out)
    env = {name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH")}
    stranger = f"import ray; ray.init(address={ray.get_runtime_context().gcs_address!r}); print('in')"
    done = subprocess.run([sys.executable, "-c", stranger], env=env, capture_output=True, text=True)
    print(done.stdout or "refused", file=out)
    address = ray.get_runtime_context().gcs_address
    stranger = (
        "import sys; from screentime.cluster.connecting import *\\n"
        f"try:\\n with connected(Spread({address!r}), Talk()): pass\\n"
        "except UserMistake as error: print(str(error).replace(sys.argv[1], 'HOST'))"
    )
    for token in ({}, {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0" * 64}):
        command = [sys.executable, "-c", stranger, address]
        done = subprocess.run(command, env=env | {"HOME": "/nowhere"} | token, capture_output=True, text=True)
        print(done.stdout or done.stderr, file=out, end="")
        print(len(done.stderr.splitlines()), file=out)
    own = [psutil.Process(), *psutil.Process().children(recursive=True)]
    listening = [one.laddr.ip for process in own for one in process.net_connections() if one.status == "LISTEN"]
    print(len(listening) >= 3, *{ip.removeprefix("::ffff:") for ip in listening}, file=out)
"""


def test_a_cluster_of_ones_own_obeys_nobody_else_and_listens_to_this_machine_alone():
    done = subprocess.run([sys.executable, "-c", STARTED], capture_output=True, text=True, timeout=200)
    remedy = "Set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN to the one that it was started with."
    assert done.stdout.splitlines() == [
        "1 7", "refused",
        f"The Ray cluster at HOST wants a token, and none is set here. {remedy}", "0",
        f"The Ray cluster at HOST wants a token, and another one is set here. {remedy}", "0",
        "True 127.0.0.1",
    ], done.stderr
