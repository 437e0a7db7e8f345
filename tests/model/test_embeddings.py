"""Embeddings are computed once for each film, backbone, view and sampling."""

from __future__ import annotations

import os

import numpy as np
import pytest

from screentime.errors import NotReady
from screentime.model import embeddings
from screentime.model.backbone import open_backbone
from screentime.model.dataset import read_pictures
from screentime.model.embeddings import embed_frames
from screentime.talk import Talk

COLOURS = ["red", "green", "red", "blue", "green"]
OTHER_FILM = "ffeeddccbbaa0011"


@pytest.fixture
def counted(tiny):
    """The tiny backbone, whole or tiles, that counts the pictures it is shown in ``counted.seen``."""

    def make(view="whole", folder=None):
        backbone = open_backbone(str(folder or tiny.folder), view)
        backbone.seen = []
        embed = backbone.embed

        def counting(pictures):
            backbone.seen.append(len(pictures))
            return embed(pictures)

        backbone.embed = counting
        return backbone

    return make


@pytest.fixture
def film(tmp_path, draw_frames):
    return draw_frames(tmp_path, COLOURS)


def test_every_frame_gets_its_row_and_the_second_time_they_come_from_disk(tmp_path, film, counted, monkeypatch):
    monkeypatch.setattr(embeddings, "BATCH", 4)
    kept = tmp_path / "embeddings"
    first = counted()
    rows = embed_frames(film, tmp_path, kept, first, Talk())
    pictures = next(read_pictures([tmp_path / frame.file for frame in film], lambda w, h: (336, 224), 5))
    assert rows == pytest.approx(counted().embed(pictures), abs=1e-6)
    assert first.seen == [4, 1]

    again = counted()
    mapped = embed_frames(film, tmp_path, kept, again, Talk())
    assert (mapped == rows).all() and mapped.dtype == np.float32
    assert again.seen == []
    # Of one film they are not read into memory, but looked up in the file.
    assert isinstance(mapped.base, np.memmap) and not mapped.flags.writeable
    (file,) = kept.iterdir()
    assert file.name.startswith("00112233445566aa-") and file.name.endswith(f"-{first.digest}-whole1.npy")


def test_films_are_kept_apart_and_their_rows_stay_in_order(tmp_path, film, draw_frames, counted):
    other = draw_frames(tmp_path, ["blue", "red"], digest=OTHER_FILM, size=(64, 96))
    kept = tmp_path / "embeddings"
    alone = embed_frames(film, tmp_path, kept, counted(), Talk())
    both = counted()
    rows = embed_frames([*other, *film], tmp_path, kept, both, Talk())
    assert both.seen == [2]
    assert rows.shape == (7, 8)
    assert (rows[2:] == alone).all()
    assert sorted(file.name[:16] for file in kept.iterdir()) == ["00112233445566aa", OTHER_FILM]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: b"PK\x03\x04" + content[4:],
        lambda content: content.replace(b"}", b"(", 1),
        lambda content: content.replace(b"(5, 8)", b"(4, 8)", 1),
        lambda content: content.replace(b"(5, 8)", b"(40, )", 1),
    ],
    ids=["empty", "half", "zip", "open-bracket", "too-few-rows", "flat"],
)
def test_a_damaged_file_is_made_again(tmp_path, film, counted, spoil):
    kept = tmp_path / "embeddings"
    rows = embed_frames(film, tmp_path, kept, counted(), Talk())
    (file,) = kept.iterdir()
    whole = file.read_bytes()
    assert spoil(whole) != whole
    file.write_bytes(spoil(whole))
    again = counted()
    assert (embed_frames(film, tmp_path, kept, again, Talk()) == rows).all()
    assert sum(again.seen) == 5
    assert file.read_bytes() == whole


def test_another_view_backbone_or_sampling_gets_a_file_of_its_own(tmp_path, film, counted, make_backbone):
    kept = tmp_path / "embeddings"

    def looked_at(frames, backbone):
        embed_frames(frames, tmp_path, kept, backbone, Talk())
        return sum(backbone.seen), len(os.listdir(kept))

    assert looked_at(film, counted()) == (5, 1)
    assert looked_at(film, counted("tiles")) == (5, 2)
    assert looked_at(film, counted(folder=make_backbone(seed=1))) == (5, 3)
    assert looked_at(film[::2], counted()) == (3, 4)
    assert looked_at(film, counted()) == (0, 4)


def test_a_missing_frame_is_told_and_nothing_half_is_kept(tmp_path, film, counted):
    (tmp_path / film[4].file).unlink()
    with pytest.raises(NotReady, match=r"000004\.jpg is missing or damaged\. Run `screentime extract`\."):
        embed_frames(film, tmp_path, tmp_path / "embeddings", counted(), Talk())
    assert not (tmp_path / "embeddings").exists()
