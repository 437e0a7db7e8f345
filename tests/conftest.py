"""Fixtures that several rooms share: a real Label Studio server and small projects on it."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from screentime.label_config import fill
from screentime.labelstudio import images, process, project, server, tasks
from screentime.labelstudio.client import Client, connect
from screentime.labelstudio.project import ProjectRef
from screentime.records import frame_uid, timecode
from screentime.schema import Schema

# The same examples on every machine, and as many as end within seconds; files of a test's own folder may be used
# for all of them.
settings.register_profile(
    "screentime", derandomize=True, max_examples=60, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("screentime")

pytest_plugins = ["tests.folders"]
TEMPLATES = Path(__file__).parent.parent / "labelstudio_config"

# What a shell runs in the background is deaf to Ctrl+C, and so is all that it starts: tests press it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder of the tests' own, for the commands that they run too."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCREENTIME_CACHE", str(folder))
        yield folder


def free_port_number() -> int:
    """A port that nobody listens on, and whose neighbour is a port too."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@pytest.fixture
def free_port() -> int:
    return free_port_number()


@contextmanager
def stranger_on(port: int) -> Iterator[list[str]]:
    """Another program on a port, which answers as a Label Studio would; what it was sent as ``Authorization``."""
    got: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            got.append(self.headers.get("Authorization") or "")
            content = json.dumps({"id": 1, "release": "1.23.2", "status": "UP", "results": []}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_PATCH = do_GET

        def log_message(self, *said: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server_:
        thread = threading.Thread(target=server_.serve_forever)
        thread.start()
        try:
            yield got
        finally:
            server_.shutdown()
            thread.join()


@pytest.fixture
def stranger() -> Callable[..., object]:
    return stranger_on


@pytest.fixture
def silent_server(tmp_path: Path, free_port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home whose server is noted for `free_port` and does not listen yet, as in its first seconds."""
    home = tmp_path / "home"
    monkeypatch.setenv("SCREENTIME_HOME", str(home))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    server.credentials(home)
    starting = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process.note(home, starting.pid, "127.0.0.1", free_port, Path(sys.executable))
    yield home
    starting.communicate(b"\n", timeout=30)


@pytest.fixture
def another_port(free_port: int) -> int:
    """A second one."""
    while (port := free_port_number()) == free_port:
        pass
    return port


@pytest.fixture(scope="session")
def ls_template(request: pytest.FixtureRequest) -> Path:
    """A home whose database is built; kept between runs, since building takes a minute."""
    built = Path(server.find_executable()).stat().st_mtime_ns
    home = Path(request.config.cache.mkdir(f"labelstudio-{built}"))
    server.prepare(home)
    return home


@pytest.fixture(scope="session")
def make_home(ls_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Path]]:
    """New homes, each with an empty server's database; servers left running in them are stopped."""
    homes: list[Path] = []

    def make() -> Path:
        home = tmp_path_factory.mktemp("home")
        shutil.copytree(ls_template / "labelstudio", home / "labelstudio", ignore=shutil.ignore_patterns("lock"))
        homes.append(home)
        return home

    yield make
    for home in homes:
        server.stop(home)


@pytest.fixture(scope="session")
def ls_home(make_home: Callable[[], Path]) -> Path:
    return make_home()


@pytest.fixture(scope="session")
def ls_server(ls_home: Path) -> server.Running:
    """The one server of the session."""
    return server.start(ls_home, port=free_port_number())


@pytest.fixture(scope="session")
def ls_client(ls_home: Path, ls_server: server.Running) -> Client:
    return connect(ls_server.url, server.credentials(ls_home).token)


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium, a module's own; tests that need one are skipped where there is none."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        running = play.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield running
        running.close()


@dataclass(frozen=True)
class Sample:
    """A small project with drawn frames."""

    ref: ProjectRef
    schema: Schema
    workspace: str
    folder: Path
    files: dict[str, Path]
    data: list[tasks.TaskData]
    ids: dict[str, int]

    @property
    def numbers(self) -> list[int]:
        return list(self.ids.values())


@pytest.fixture
def make_project(
    ls_home: Path, ls_client: Client, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Sample]:
    """Makes projects: how many frames, which schema, pushed or only drawn."""
    import cv2
    import numpy as np

    def make(frames: int = 6, schema: Schema | None = None, *, push: bool = True) -> Sample:
        schema = schema or Schema("multi", ("Tom", "Jerry"))
        folder = tmp_path_factory.mktemp("frames")
        workspace = folder.name
        rng = np.random.default_rng(frames)
        digest = f"{rng.integers(2**60):016x}"
        files: dict[str, Path] = {}
        for second in range(frames):
            uid = frame_uid(digest, float(second))
            files[uid] = folder / f"{second}.jpg"
            cv2.imwrite(str(files[uid]), rng.integers(0, 255, (36, 48, 3), dtype=np.uint8))
        config = fill((TEMPLATES / f"frames_{schema.mode}.xml").read_text(encoding="utf-8"), schema)
        ref = project.ensure_project(
            ls_client, workspace_id=workspace, title=f"Film {workspace}", label_config=config
        )
        urls = [images.local_url(workspace, file.name) for file in files.values()]
        data = [
            tasks.TaskData(
                uid=uid, film="film.mp4", second=float(k), timecode=timecode(float(k)),
                image=urls[k], previous=urls[max(k - 1, 0)], next=urls[min(k + 1, frames - 1)],
            )
            for k, uid in enumerate(files)
        ]
        ids: dict[str, int] = {}
        if push:
            served = server.serve_folder(ls_home, workspace, folder)
            images.ensure_local_storage(ls_client, ref, served)
            ids = tasks.push_frames(ls_client, ref, data).ids
        return Sample(ref, schema, workspace, folder, files, data, ids)

    return make


@pytest.fixture(scope="session")
def colour_backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real SavedModel of TF-Hub's form that sees the colours in a grid of 4 by 4 fields."""
    from screentime.model.backbone import tensorflow

    tf = tensorflow()

    class Colours(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gain = tf.Variable(tf.ones(48), name="gain")
            self.variables_list = [self.gain]

        @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32)])
        def __call__(self, pictures):
            height, width = tf.shape(pictures)[1], tf.shape(pictures)[2]
            fields = [
                tf.reduce_mean(
                    pictures[:, height * y // 4 : height * (y + 1) // 4, width * x // 4 : width * (x + 1) // 4], (1, 2)
                )
                for y in range(4) for x in range(4)
            ]
            return tf.concat(fields, axis=1) * self.gain

    folder = tmp_path_factory.mktemp("backbone") / "colours"
    tf.saved_model.save(Colours(), str(folder))
    return folder


@pytest.fixture(scope="session")
def cartoon(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[frozenset[str]]]:
    """A drawn film of 40 s and who is on screen in each second."""
    from screentime.demo.cast import CHARACTERS
    from screentime.demo.film import draw_film

    path = tmp_path_factory.mktemp("film") / "cartoon.mp4"
    rows = draw_film(path, seconds=40, seed=5, size=(320, 180))
    return path, [frozenset(name for name, on in zip(CHARACTERS, row) if on) for row in rows]


@pytest.fixture
def cartoon_loop(
    cartoon: tuple[Path, list[frozenset[str]]], colour_backbone: Path, ls_home: Path, ls_server: server.Running,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
):
    """A project of the drawn film with its frames extracted, on the session's server."""
    from screentime.projects import begin, extract_films
    from screentime.rounds import Loop
    from screentime.talk import Talk

    monkeypatch.setenv("SCREENTIME_HOME", str(ls_home))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    workspace = begin(
        tmp_path / "project", [cartoon[0]], ("cat", "mouse"), backbone=str(colour_backbone), view="whole",
        first_batch=24, every=4, batch=6, audit_every=3,
    )
    extract_films(workspace, workspace.config(), Talk())
    return Loop(workspace, workspace.config(), Talk())


@pytest.fixture
def cartoon_annotator(cartoon_loop, cartoon):
    """Labels the project of `cartoon_loop` as a person would; it has to be pushed before."""
    from screentime.demo.annotator import Annotator, truth_of

    known = truth_of(cartoon_loop.frames, cartoon[1], cartoon[0])

    def label(how_many: int) -> int:
        annotator = Annotator(cartoon_loop.link.client, cartoon_loop.project(), cartoon_loop.schema, known)
        return annotator.label(cartoon_loop.workspace.progress().tab, how_many)

    return label
