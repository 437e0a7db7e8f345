"""Which server the keeper asks about which project; what it mends is tried on a real one, in test_mlbackend."""

import http.server
import json
import threading
import time
from contextlib import contextmanager, suppress

import pytest

from screentime.config import Config, LabelStudio, Project
from screentime.errors import ServerError
from screentime.service.hub import Hub
from screentime.service.keeping import Keeper
from screentime.service.served import Served
from screentime.workspace import create

TOKEN = "a" * 40
WHOAMI = "/api/current-user/whoami"
ANSWERS = {
    WHOAMI: {"id": 1},
    "/api/projects/3/": {"id": 3, "model_version": "v001-24", "show_collab_predictions": True},
}


@contextmanager
def label_studio(tokens=(TOKEN,), never="-"):
    """A server that takes some tokens and answers to all but one path, and for what and by whom it was asked."""
    asked, end = [], threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            path, given = self.path.split("?")[0], self.headers["Authorization"].removeprefix("Token ")
            asked.append((path, given))
            if path == never:
                end.wait()
                return
            content = json.dumps(ANSWERS.get(path, [])).encode()
            self.send_response(200 if given in tokens else 401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}", asked
        finally:
            end.set()
            running.shutdown()
            thread.join()


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Makes projects that were pushed as number 3 to a server."""
    for variable in ("LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY", "LABEL_STUDIO_PUBLIC_URL"):
        monkeypatch.delenv(variable, raising=False)

    def make(name, url, token=TOKEN):
        config = Config(
            project=Project(id=f"identity-{name}", title="t", characters=("Tom",), films=("f.mp4",)),
            labelstudio=LabelStudio(url=url, token=token),
        )
        workspace = create(tmp_path / name, config)
        workspace.update_progress(project=3, shown="v001-24")
        heard = []
        served = Served(workspace, {}, heard.append)
        served.number, served.heard = 3, heard
        return served

    return make


def test_projects_of_one_number_are_asked_for_on_their_own_servers(project):
    with label_studio() as (first, of_first), label_studio() as (second, of_second):
        both = [project("tom", first), project("jerry", second)]
        keeper = Keeper(lambda: both)
        for one in both:
            keeper.look(one)
            keeper.look(one)
    look = ["/api/projects/3/", "/api/webhooks/"]
    assert [path for path, _ in of_first] == [WHOAMI, *look, *look]
    assert of_second == of_first


@pytest.mark.timeout(60)  # a request waits for 120 s by itself
def test_a_server_that_hangs_keeps_the_other_projects_waiting_for_a_short_time(project, monkeypatch):
    monkeypatch.setattr("screentime.labelstudio.connected.LOOK_SECONDS", 2.0)
    with label_studio(never="/api/projects/3/") as (first, of_first), label_studio() as (second, of_second):
        both = [project("tom", first), project("jerry", second)]
        keeper = Keeper(lambda: both)
        for one in both:
            keeper.look(one)
    # One request, and none again.
    assert [path for path, _ in of_first] == [WHOAMI, "/api/projects/3/"] and of_second[-1][0] == "/api/webhooks/"


@pytest.mark.timeout(60)  # connecting waits for 30 s by itself, four times
def test_a_server_that_never_says_who_we_are_is_waited_for_once_a_look(project, monkeypatch):
    monkeypatch.setattr("screentime.labelstudio.connected.LOOK_SECONDS", 0.5)
    with label_studio(never=WHOAMI) as (url, asked):
        one = project("tom", url)
        keeper = Keeper(lambda: [one])
        keeper.look(one)
        keeper.look(one)
    assert [path for path, _ in asked] == [WHOAMI, WHOAMI]


@pytest.mark.timeout(60)
def test_while_one_project_connects_another_one_can(project):
    with label_studio(never=WHOAMI) as (first, of_first), label_studio() as (second, _):
        hung, good = project("tom", first), project("jerry", second)

        def connect(loop):
            with suppress(ServerError):
                assert loop.link is None

        thread = threading.Thread(target=connect, args=[hung.loop()])
        thread.start()
        while not of_first:
            assert thread.is_alive()
        assert good.loop().link.client.url == second and thread.is_alive()


@pytest.mark.timeout(60)
def test_a_project_whose_server_hangs_is_tried_once_and_after_the_others(project, monkeypatch):
    monkeypatch.setattr("screentime.service.served.CONNECT_SECONDS", 0.5)
    monkeypatch.setattr("screentime.service.served.FIRST_WAIT_SECONDS", 0.0)
    with label_studio(never=WHOAMI) as (first, of_first), label_studio() as (second, _):
        hung, good = project("tom", first), project("jerry", second)
        hub = Hub([hung, good], "secret")
        assert hub.next() is hung
        hung.step()
        assert [path for path, _ in of_first] == [WHOAMI] and hung.state.failures == 1
        assert hung.heard[0].startswith(f"Label Studio did not answer in time (while connecting to Label Studio at {first}).")
        # Both are due, the one that failed for longer.
        assert hung.due() < time.monotonic()
        assert hub.next() is good
        # But it is not forgotten where the others have work without end.
        monkeypatch.setattr("screentime.service.served.LAST_SECONDS", 0.0)
        good._next = time.monotonic()
        assert hub.next() is hung


def test_a_token_that_was_changed_in_the_options_is_used_from_the_next_look(project):
    other = "b" * 40
    with label_studio(tokens=(TOKEN, other)) as (url, asked):
        one = project("tom", url)
        keeper = Keeper(lambda: [one])
        keeper.look(one)
        file = one.workspace.config_file
        file.write_text(file.read_text().replace(TOKEN, other))
        keeper.look(one)
    assert [given for path, given in asked if path == "/api/projects/3/"] == [TOKEN, other]


def test_what_should_not_fail_is_said_once_and_the_other_projects_are_looked_at(project):
    with label_studio() as (url, asked):
        both = [project("tom", url), project("jerry", url)]
        first, sane = both[0], both[0].loop
        seen, again = threading.Event(), threading.Event()

        def broken():
            raise ZeroDivisionError("x")

        def looks():
            if len([path for path, _ in asked if path == "/api/webhooks/"]) >= 3:
                seen.set()
            return both

        first.loop = broken
        with Keeper(looks, every=0.01).running():
            assert seen.wait(60)
            assert first.heard == [
                "Looking what the page shows failed in a way that it should not (ZeroDivisionError: x). It is tried again;"
                " please report it."
            ]
            first.loop = lambda: again.set() or sane()
            assert again.wait(60)
    assert both[1].heard == []
