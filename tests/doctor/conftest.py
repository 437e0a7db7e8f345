"""A project that is in order, on the session's server, for faults to be made in; and what doctor says of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest

from screentime.demo.annotator import Annotator, truth_of
from screentime.doctor.finding import Finding
from screentime.doctor.place import Place
from screentime.doctor.running import CHECKS, walk
from screentime.labelstudio import server
from screentime.projects import begin, extract_films
from screentime.rounds import Loop
from screentime.talk import Talk
from tests.service.conftest import serve

__all__ = ["serve"]
LABELS = 24


@dataclass(frozen=True)
class Patient:
    """A project, and what doctor finds in it."""

    loop: Loop

    @property
    def root(self) -> Path:
        return self.loop.workspace.root

    @property
    def client(self):
        return self.loop.link.client

    @property
    def number(self) -> int:
        return self.loop.workspace.progress().project

    @property
    def version(self) -> str:
        return self.loop.workspace.progress().shown

    def look(self, name: str, **place) -> Finding:
        return examined(self.root, name, **place)

    def mend(self, name: str) -> Finding:
        return examined(self.root, name, mend=True)


def examined(folder: Path, name: str, *, mend: bool = False, **place) -> Finding:
    """What one check finds."""
    [check] = [one for one in CHECKS if one.name == name]
    [finding] = walk(Place(folder, **place), [check], lambda one: None, Talk(), mend=mend)
    return finding


@pytest.fixture(scope="session")
def made(cartoon, ls_home, ls_server, tmp_path_factory) -> Patient:
    """Frames, a first batch of labels, a round: all in order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCREENTIME_HOME", str(ls_home))
        patch.delenv("LABEL_STUDIO_URL", raising=False)
        workspace = begin(
            tmp_path_factory.mktemp("doctor") / "project", [cartoon[0]], ("cat", "mouse"), backbone="builtin",
            view="whole", first_batch=LABELS, every=4, batch=6, audit_every=3,
        )
        extract_films(workspace, workspace.config(), Talk())
        loop = Loop(workspace, workspace.config(), Talk())
        loop.push()
        known = truth_of(loop.frames, cartoon[1], cartoon[0])
        Annotator(loop.link.client, loop.project(), loop.schema, known).label(workspace.progress().tab, LABELS)
        loop.sync()
        return Patient(loop)


@pytest.fixture
def patient(made: Patient, ls_home: Path, monkeypatch: pytest.MonkeyPatch) -> Patient:
    monkeypatch.setenv("SCREENTIME_HOME", str(ls_home))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    monkeypatch.delenv("LABEL_STUDIO_API_KEY", raising=False)
    return made


@pytest.fixture
def as_browser(ls_home: Path, ls_server: server.Running) -> Callable[..., httpx.Response]:
    """Asks the server as a logged-in page does."""
    account = server.credentials(ls_home)

    def ask(method: str, path: str, **body) -> httpx.Response:
        with httpx.Client(base_url=ls_server.url, trust_env=False) as page:
            page.get("/user/login/")
            form = {"email": account.username, "password": account.password}
            page.post("/user/login/", data=form | {"csrfmiddlewaretoken": page.cookies["csrftoken"]})
            return page.request(method, path, headers={"X-CSRFToken": page.cookies["csrftoken"]}, **body)

    return ask


@pytest.fixture
def examine() -> Callable[..., Finding]:
    """Makes one check on a folder."""
    return examined


@pytest.fixture
def project_of_nothing(tmp_path: Path, cartoon) -> Callable[[str], Path]:
    """Makes a new project's folder, of which nothing is extracted yet."""
    from screentime import config as configuration

    def make(backbone: str) -> Path:
        folder = tmp_path / "project"
        workspace = begin(folder, [cartoon[0]], ("cat", "mouse"))
        # As a person edits it: `new` would not take a folder that is none.
        options = configuration.override(workspace.config(), {"backbone": backbone})
        workspace.config_file.write_text(configuration.render(options), "utf-8")
        workspace.config_file.chmod(0o600)
        return folder

    return make


@contextmanager
def web(answers: dict[str, object], status: int = 200, date: str | None = None) -> Iterator[int]:
    """A real HTTP server that gives a JSON answer a path, or a page where there is none; its port."""
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.split("?")[0].rstrip("/")
            content = json.dumps(answers[path]).encode() if path in answers else b"<html>Welcome</html>"
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def date_time_string(self, timestamp=None):
            return date or super().date_time_string(timestamp)

        def log_message(self, *said):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server_:
        thread = threading.Thread(target=server_.serve_forever)
        thread.start()
        try:
            yield server_.server_port
        finally:
            server_.shutdown()
            thread.join()


@pytest.fixture
def listening() -> Callable[..., AbstractContextManager[int]]:
    return web
