"""Frames that lie elsewhere: the loop, the page and doctor with a real web server and a real S3 service."""

from __future__ import annotations

import functools
import importlib.machinery
import importlib.util
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from screentime import config as configuration
from screentime.demo.annotator import Annotator, truth_of
from screentime.doctor.place import Place
from screentime.doctor.running import CHECKS, walk
from screentime.errors import ConfigError
from screentime.labelstudio import server
from screentime.labelstudio.tasks import PICTURES, read_tasks
from screentime.rounds import Loop
from screentime.talk import Talk

_loader = importlib.machinery.SourceFileLoader(
    "measure_actions_of_stores", str(Path(__file__).parents[1] / "scripts" / "measure_actions")
)
measure_actions = importlib.util.module_from_spec(importlib.util.spec_from_loader(_loader.name, _loader))
_loader.exec_module(measure_actions)


@dataclass(frozen=True)
class Web:
    """A web server of somebody's own that shows a folder."""

    address: str
    asked: list[tuple[str, str | None]]
    # Whose pages may read what it shows: the header's value, if there is one.
    allowed: list[str]


@pytest.fixture
def web(tmp_path):
    asked: list[tuple[str, str | None]] = []
    allowed = ["*"]

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers.get("Authorization")))
            super().do_GET()

        def end_headers(self):
            for one in allowed:
                self.send_header("Access-Control-Allow-Origin", one)
            super().end_headers()

        def log_message(self, *said):
            pass

    folder = tmp_path / "project"
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder))) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield Web(f"http://127.0.0.1:{running.server_port}", asked, allowed)
        running.shutdown()
        thread.join()


def with_options(loop: Loop, **changes: object) -> Loop:
    """The same project with other options in its screentime.toml."""
    options = configuration.override(loop.workspace.config(), changes)
    loop.workspace.config_file.write_text(configuration.render(options), "utf-8")
    return Loop(loop.workspace, options, Talk())


def pictures(loop: Loop) -> dict[str, list[str]]:
    return {
        task["data"]["uid"]: [task["data"][name] for name in PICTURES]
        for task in read_tasks(loop.link.client, loop.project(), include="id,data")
    }


def examined(loop: Loop, name: str = "Pictures") -> tuple[str, str]:
    [check] = [one for one in CHECKS if one.name == name]
    [found] = walk(Place(loop.workspace.root), [check], lambda one: None, Talk())
    return found.state, f"{found.sentence} {found.fix}".strip()


@pytest.fixture
def see(browser, ls_home, ls_server) -> Callable[..., list[tuple[str, int]]]:
    """Opens the page that hands out frames; address and width of the first one's three pictures."""
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    measure_actions.log_in(page, ls_server.url, server.credentials(ls_home))

    def look(loop: Loop, patience: int = 30_000) -> list[tuple[str, int]]:
        page.goto(loop.workspace.progress().url)
        page.wait_for_function(
            "[...document.querySelectorAll('.screentime-row img')].filter(i => i.complete && i.naturalWidth).length === 3",
            timeout=patience,
        )
        found = page.locator(".screentime-row img").evaluate_all("all => all.map(i => [i.currentSrc, i.naturalWidth])")
        return [tuple(one) for one in found]

    return look


def whole_job(loop: Loop, cartoon) -> None:
    """Push, label, a round, push again: the frames' places change nothing of it."""
    assert loop.push() == (40, 0)
    before = pictures(loop)
    known = truth_of(loop.frames, cartoon[1], cartoon[0])
    Annotator(loop.link.client, loop.project(), loop.schema, known).label(loop.workspace.progress().tab, 24)
    loop.sync()
    assert len(loop.workspace.labels()) == 24 and loop.workspace.progress().shown
    assert loop.push() == (0, 40)
    assert pictures(loop) == before


def test_frames_on_a_web_server(cartoon_loop, cartoon, web, see):
    loop = with_options(cartoon_loop, store="http", base_url=f"{web.address}/")
    whole_job(loop, cartoon)
    frame = loop.frames[0]
    assert pictures(loop)[frame.uid][0] == f"{web.address}/{frame.file}"
    assert examined(loop) == ("ok", "3 frames fetched as the page does: each is its picture.")
    assert {token for _, token in web.asked} == {None}
    shown = see(loop)
    assert [width for _, width in shown] == [320, 320, 320]


def test_frames_that_moved_to_a_web_server_keep_their_tasks_and_labels(cartoon_loop, cartoon, web):
    whole_job(cartoon_loop, cartoon)
    before = {task["id"]: task["data"] for task in read_tasks(cartoon_loop.link.client, cartoon_loop.project(), include="id,data")}
    loop = with_options(cartoon_loop, store="http", base_url=web.address)
    assert examined(loop) == (
        "warning", f"40 of 40 frames are not shown from {web.address}/ , as the options say."
        " `screentime push` shows them from where the options say.",
    )
    assert loop.push() == (0, 40)
    after = {task["id"]: task["data"] for task in read_tasks(loop.link.client, loop.project(), include="id,data")}
    assert {task: {name: value for name, value in data.items() if name not in PICTURES} for task, data in after.items()} == {
        task: {name: value for name, value in data.items() if name not in PICTURES} for task, data in before.items()
    }
    assert all(data[name].startswith(f"{web.address}/frames/") for data in after.values() for name in PICTURES)
    assert len(loop.pull()) == 24
    assert examined(loop)[0] == "ok"


def test_a_web_server_whose_frames_the_page_may_not_read(cartoon_loop, web, see):
    from playwright.sync_api import TimeoutError as Waited

    loop = with_options(cartoon_loop, store="http", base_url=web.address)
    loop.push()
    here = loop.link.client.url
    web.allowed[:] = [here]
    assert examined(loop)[0] == "ok"
    assert [width for _, width in see(loop)] == [320, 320, 320]
    for others in ([], ["http://elsewhere.example"]):
        web.allowed[:] = others
        state, said = examined(loop)
        assert (state, said.startswith("Browsers do not let Label Studio's page show the picture of task ")) == ("failed", True)
        assert said.endswith(
            f"the answer has no Access-Control-Allow-Origin (CORS) for {here}. Let {web.address.removeprefix('http://')} send it:"
            f" in nginx, `add_header Access-Control-Allow-Origin {here};` where the frames are."
        )
    with pytest.raises(Waited):  # what doctor says is so
        see(loop, 8_000)


def test_a_web_server_that_does_not_show_the_frames(cartoon_loop, web, free_port):
    loop = with_options(cartoon_loop, store="http")
    with pytest.raises(ConfigError, match="needs to know the address at which your web server shows this folder. Set base_url"):
        loop.push()
    loop = with_options(cartoon_loop, store="http", base_url=f"{web.address}/elsewhere")
    loop.push()
    file = loop.frames[0].file
    first = min(loop.workspace.progress().tasks.values())
    state, said = examined(loop)
    assert state == "failed" and said.startswith(f"127.0.0.1:{web.address.rpartition(':')[2]} answers 404 for the picture of task {first} ({web.address}/elsewhere/frames/")
    assert said.endswith(
        f"See that your web server shows {loop.workspace.root}/frames at {web.address}/elsewhere/frames/ ;"
        " after a change of base_url `screentime push`."
    )
    loop = with_options(cartoon_loop, base_url=f"http://127.0.0.1:{free_port}")
    assert loop.push() == (0, 40)
    assert examined(loop)[1].startswith(f"Nothing is had for the picture of task {first} (http://127.0.0.1:{free_port}/frames/")
    assert (loop.workspace.root / file).is_file()
