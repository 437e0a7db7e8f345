import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from screentime.config import Config, Project, override
from screentime.errors import NotReady, ServerError
from screentime.labelstudio import listener, patience, process, server
from screentime.labelstudio.link import open_link, task_data
from screentime.records import Frame

CONFIG = Config(project=Project(id="0123456789ab", title="Film", characters=("Tom",), films=("a.mp4",)))


def frames(*films):
    return [
        Frame(f"{digest * 16}-{k}", f"frames/{digest}/{k}.jpg", k, float(k), f"{digest}.mp4")
        for digest, count in films for k in range(count)
    ]


def test_each_task_shows_its_neighbours_and_never_those_of_another_film():
    tasks = task_data(frames(("a", 3), ("b", 1)), lambda frame: frame.file)
    assert [(t["previous"][-7:], t["image"][-7:], t["next"][-7:]) for t in tasks] == [
        ("a/0.jpg", "a/0.jpg", "a/1.jpg"), ("a/0.jpg", "a/1.jpg", "a/2.jpg"), ("a/1.jpg", "a/2.jpg", "a/2.jpg"),
        ("b/0.jpg", "b/0.jpg", "b/0.jpg"),
    ]
    assert (tasks[1]["uid"], tasks[1]["timecode"], tasks[1]["film"]) == (f"{'a' * 16}-1", "0:00:01.000", "a.mp4")


def test_the_embedded_server_is_found_running(ls_home, ls_server, monkeypatch):
    monkeypatch.setenv("SCREENTIME_HOME", str(ls_home))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    link = open_link(CONFIG)
    assert (link.embedded, link.client.url) == (True, ls_server.url)


def test_without_a_server_the_command_that_starts_it_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("SCREENTIME_HOME", str(tmp_path))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    with pytest.raises(NotReady, match="^Label Studio is not running. Start it with `screentime server start`.$"):
        open_link(CONFIG)


def test_the_token_is_not_sent_to_whoever_holds_the_port_of_a_server_that_is_starting(silent_server, stranger, free_port):
    with stranger(free_port) as got:
        with pytest.raises(ServerError) as raised:
            open_link(CONFIG)
        assert got == []
    pid = process.alive(silent_server).pid
    assert raised.value.what == (
        f"Label Studio (process {pid}) does not listen on its port {free_port}, and its token is for nobody else there."
    )
    assert raised.value.remedy == (
        "Where it is just starting, try again in a minute; else `screentime server stop`, then `screentime server start`."
    )


# Answers as a Label Studio does, for a process that is noted.
ANSWERING = """
import sys
from tests.conftest import stranger_on
with stranger_on(int(sys.argv[1])) as got:
    print("up", flush=True)
    input()
"""


def answering(home, port):
    started = subprocess.Popen(
        [sys.executable, "-c", ANSWERING, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[2], env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert started.stdout.readline() == "up\n"
    process.note(home, started.pid, "127.0.0.1", port, Path(sys.executable))
    return started


def test_nor_to_whoever_takes_the_port_of_a_server_that_ended(tmp_path, monkeypatch, stranger, free_port):
    monkeypatch.setenv("SCREENTIME_HOME", str(tmp_path))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    monkeypatch.setattr(patience, "REPEATS", 1)
    first = answering(tmp_path, free_port)
    client = open_link(CONFIG).client
    assert client.request("GET", "api/version/")["release"] == "1.23.2"
    first.communicate("\n", timeout=30)
    with stranger(free_port) as got:
        with pytest.raises(Exception, match="the embedded server has ended"):
            client.request("GET", "api/version/")
        assert got == []
    # Started again, it is worked with as before.
    second = answering(tmp_path, free_port)
    assert client.request("GET", "api/version/")["release"] == "1.23.2"
    second.communicate("\n", timeout=30)


def test_a_child_that_ends_meanwhile_hides_no_port(monkeypatch, free_port):
    def gone(self, kind):
        raise psutil.NoSuchProcess(self.pid)

    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        asked = psutil.Process.net_connections
        monkeypatch.setattr(
            psutil.Process, "net_connections", lambda self, kind: (gone if self.pid == child.pid else asked)(self, kind)
        )
        with socket.create_server(("127.0.0.1", free_port)):
            assert listener.listens(os.getpid(), free_port)
        child.communicate(b"\n")


def test_an_existing_server_needs_a_token_and_the_environment_goes_first(ls_home, ls_server, monkeypatch):
    monkeypatch.delenv("LABEL_STUDIO_API_KEY", raising=False)
    named = override(CONFIG, {"url": "http://127.0.0.1:9"})
    with pytest.raises(NotReady, match="^There is no token for Label Studio at http://127.0.0.1:9."):
        open_link(named)
    monkeypatch.setenv("LABEL_STUDIO_URL", ls_server.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", server.credentials(ls_home).token)
    link = open_link(named)
    assert (link.embedded, link.client.url) == (False, ls_server.url)
