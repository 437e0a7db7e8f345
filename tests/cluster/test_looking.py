"""A film looked at in parts and joined is the film looked at as a whole, to the last digit."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from screentime.looking import BATCH, join, look, packed, unpacked
from screentime.screening import conclude, screen
from screentime.talk import Talk
from screentime.video.decoding import AstrayError, Pictures
from screentime.video.reader import digest, survey
from screentime.video.skipping import segments


def require_same(one, other):
    for name in (field.name for field in fields(one)):
        mine, its = getattr(one, name), getattr(other, name)
        if isinstance(mine, np.ndarray):
            assert mine.dtype == its.dtype and mine.shape == its.shape and mine.tobytes() == its.tobytes(), name
        else:
            assert mine == its, name


def parts_of(path, fps, samples):
    """Parts whatever they cost; none where there cannot be any."""
    pictures = Pictures(path)
    try:
        known = pictures.plan(fps)
    finally:
        pictures.close()
    return [] if known is None else segments(known, samples)


WHOLE_ONLY = "joined.avi"  # its packets do not tell the time of every frame


@pytest.mark.parametrize("name", [
    "closed.mp4", "open groups.mkv", "one key.mp4", "vfr.mp4", "hevc.mp4", "vp9.webm", "mpeg2.mpg", WHOLE_ONLY,
])
@pytest.mark.parametrize("samples", [BATCH, 3 * BATCH])
def test_parts_joined_are_the_whole(moving, model, name, samples):
    path = moving(name)
    content = digest(path)
    whole = look(path, model, content, Talk())
    parts = parts_of(path, 5.0, samples)
    if name == WHOLE_ONLY:
        assert parts == []
        return
    assert len(parts) == -(-len(whole.seconds) // samples) >= 3
    looked = [look(path, model, content, Talk(), part) for part in parts]
    require_same(join(looked), whole)
    assert conclude(join(looked), model.card) == screen(path, model, Talk())
    # Their cut is found where it lies, and the parts are not cut at frames that are drawn by themselves.
    assert whole.cuts.any() and len(whole.strange) == -(-len(whole.seconds) // BATCH)
    assert not all(min(part.seconds) in part.starts for part in parts)


@pytest.mark.parametrize(("name", "parts"), [("closed.mp4", 5), ("open groups.mkv", 1), ("one key.mp4", 1), (WHOLE_ONLY, 0)])
def test_a_film_is_parted_only_where_its_parts_decode_little_more_than_the_whole(moving, name, parts):
    found = survey(moving(name), 5.0, 2 * BATCH)
    [whole] = parts_of(moving(name), 5.0, 1000) or [None]
    assert len(found) == parts
    assert not found or sum(part.sent.count(1) for part in found) <= 1.25 * whole.sent.count(1)


def test_a_cut_between_two_parts_is_found(moving, model):
    path = moving("closed.mp4")
    content = digest(path)
    whole = look(path, model, content, Talk())
    [cut] = np.flatnonzero(whole.cuts)
    often = 40
    assert cut == 37 and whole.seconds[cut] == pytest.approx(7.4)
    # At other rates the cut lies just where a part begins.
    other = replace(model, card={**model.card, "fps": 40 / 7.3})
    parts = [look(path, other, content, Talk(), part) for part in parts_of(path, 40 / 7.3, often)]
    joined = join(parts)
    assert not parts[1].cuts[0] and joined.cuts[often]
    require_same(joined, look(path, other, content, Talk()))


def test_what_is_kept_comes_back(moving, model):
    whole = look(moving("vfr.mp4"), model, "0" * 16, Talk())
    require_same(unpacked(packed(whole)), whole)


def test_damage_that_the_whole_meets_one_of_the_parts_meets_too(moving, model, tmp_path):
    path = moving("closed.mp4")
    damaged = tmp_path / "damaged.mp4"
    content = bytearray(path.read_bytes())
    parts = parts_of(path, 5.0, BATCH)
    middle = len(content) // 2
    content[middle : middle + 2000] = bytes(2000)
    damaged.write_bytes(content)
    assert len(parts_of(damaged, 5.0, BATCH)) == len(parts)
    met = 0
    for part in parts_of(damaged, 5.0, BATCH):
        try:
            look(damaged, model, "0" * 16, Talk(), part)
        except AstrayError:
            met += 1
    assert met
    assert look(damaged, model, "0" * 16, Talk()).warnings


def test_a_part_of_another_film_is_refused(moving, model):
    parts = parts_of(moving("closed.mp4"), 5.0, BATCH)
    with pytest.raises(AstrayError):
        look(moving("one key.mp4"), model, "0" * 16, Talk(), parts[3])
