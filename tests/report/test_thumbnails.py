"""Small pictures inside a page: small, in order of need, never more than there is room for."""

from __future__ import annotations

from base64 import b64decode

import cv2
import numpy as np
import pytest

from screentime.report.thumbnails import thumbnails


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(3)
    for name, size in (("a", (90, 160)), ("b", (40, 30)), ("c", (90, 160))):
        cv2.imwrite(str(tmp_path / f"{name}.jpg"), rng.integers(0, 255, (*size, 3), dtype=np.uint8))
    (tmp_path / "bad.jpg").write_text("no picture")
    (tmp_path / "empty.jpg").write_bytes(b"")
    return tmp_path


def made(folder, *names, height=45, room=10**6):
    steps = []
    found = thumbnails(folder, {name: f"{name}.jpg" for name in names}, height, room, lambda *step: steps.append(step))
    assert steps == [(place, len(names)) for place in range(1, len(names) + 1)]
    return found


def shape(address):
    head, _, content = address.partition(",")
    assert head == "data:image/jpeg;base64"
    return cv2.imdecode(np.frombuffer(b64decode(content), np.uint8), cv2.IMREAD_COLOR).shape


def test_large_pictures_shrink_and_small_ones_stay(folder):
    found = made(folder, "a", "b")
    assert {name: shape(one) for name, one in found.pictures.items()} == {"a": (45, 80, 3), "b": (40, 30, 3)}
    assert (found.missing, found.left_out) == (0, 0)


def test_what_is_no_picture_is_counted(folder):
    found = made(folder, "a", "bad", "empty", "gone")
    assert list(found.pictures) == ["a"] and (found.missing, found.left_out) == (3, 0)


def test_what_has_no_room_is_left_out_the_last_first(folder):
    whole = made(folder, "a", "b", "c")
    need = len(whole.pictures["a"]) + len(whole.pictures["b"])
    found = made(folder, "a", "b", "c", room=need)
    assert list(found.pictures) == ["a", "b"] and (found.missing, found.left_out) == (0, 1)
    assert list(made(folder, "a", "b", "c", room=need - 1).pictures) == ["a"]
    assert made(folder, "a", room=0).left_out == 1
