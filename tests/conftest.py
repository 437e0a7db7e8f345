"""Fixtures that several rooms share: a real Label Studio server and small projects on it."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from screentime.labelstudio import images, project, server, tasks
from screentime.labelstudio.client import Client, connect
from screentime.labelstudio.project import ProjectRef
from screentime.records import frame_uid, timecode
from screentime.schema import Schema, fill

TEMPLATES = Path(__file__).parent.parent / "labelstudio_config"


def free_port_number() -> int:
    """A port that nobody listens on, and whose neighbour is a port too."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@pytest.fixture
def free_port() -> int:
    return free_port_number()


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
