"""A project's folder to test on: its options, a film with four frames, labels, another film that is audited."""

from __future__ import annotations

import pytest

from screentime.config import Config, Project
from screentime.records import Film, Frame, Label, frame_uid
from screentime.standing import Audited
from screentime.workspace import create

DIGEST = "0011223344556677"


def configure(**project):
    values = {"id": "0123456789ab", "title": "A film", "characters": ("Tom", "Jerry"), "films": ("film.mp4",)}
    return Config(project=Project(**{**values, **project}))


@pytest.fixture
def workspace(tmp_path):
    return create(tmp_path / "project", configure())


@pytest.fixture
def extracted(workspace):
    """A workspace with four frames of a film."""
    film = Film(DIGEST, "film, «1».mp4", "/films/film, «1».mp4", 3.52, 23.976, 960, 540, 4)
    frames = [
        Frame(frame_uid(DIGEST, second), f"frames/film-00112233/{round(second * 1000):09d}.jpg", index, second, film.name)
        for index, second in enumerate((0.0, 1.001, 2.044, 3.003))
    ]
    workspace.write_frames([film], frames)
    return workspace, film, frames


def label(second, *characters, **changes):
    values = {
        "task": 17, "annotation": 18, "annotator": "1", "updated_at": "2025-01-02T03:04:05.000006Z",
        "origin": "manual", **changes,
    }
    return Label(frame_uid(DIGEST, second), frozenset(characters), **values)


LABELS = [
    label(0.0, lead_time=3.25), label(1.001, "Jerry", origin="prediction"), label(3.003, "Jerry", "Tom", task=4, annotator="2")
]


@pytest.fixture
def other():
    """Another film, «2», and two drawn frames of it."""
    film = Film("f" * 16, "film «2».mp4", "/films/film «2».mp4", 60.0, 25.0, 960, 540, 60)
    frames = [
        Frame(
            frame_uid(film.digest, second), f"frames/film-ffffffff/{round(second * 1000):09d}.jpg", index,
            second, film.name, 3
        )
        for index, second in ((7, 7.0), (41, 41.04))
    ]
    mark = {"block": [0.0, 29.0], "seed": 7, "probability": 1 / 30}
    return Audited(film, frames, {frame.uid: mark for frame in frames})
