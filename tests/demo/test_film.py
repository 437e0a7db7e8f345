"""The film: a real video file, the same for a seed, and a truth that is what can be seen."""

import csv
import resource

import numpy as np
import pytest

from screentime.demo.cast import CHARACTERS
from screentime.demo.film import draw_film, draw_frames, film_truth, write_truth
from screentime.errors import FilmError

SMALL = {"seconds": 8, "seed": 11, "fps": 6, "size": (320, 180)}


def decoded(path):
    import cv2

    capture = cv2.VideoCapture(str(path))
    frames = []
    while (read := capture.read())[0]:
        frames.append(read[1])
    return np.array(frames), capture.get(cv2.CAP_PROP_FPS)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "demo.mp4"
    return path, draw_film(path, **SMALL)


def test_the_file_holds_every_frame_as_drawn(film):
    path, _ = film
    frames, rate = decoded(path)
    assert frames.shape == (48, 180, 320, 3) and rate == pytest.approx(6)
    drawn = np.array(list(draw_frames(**SMALL)))
    assert np.abs(frames.astype(int) - drawn).mean() < 8  # the codec's loss
    assert [file.name for file in path.parent.iterdir()] == ["demo.mp4"]  # no half-written file stays


def test_the_same_seed_gives_the_same_pictures_and_another_seed_others():
    first, again, other = (
        np.array(list(draw_frames(**{**SMALL, "seconds": 3, "seed": s}))) for s in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert np.abs(first.astype(int) - other).mean() > 10


def test_the_truth_needs_no_file(film):
    _, truth = film
    assert truth.shape == (8, len(CHARACTERS)) and truth.dtype == bool
    assert np.array_equal(truth, film_truth(**SMALL))


@pytest.mark.parametrize("seed", [1, 7])
def test_the_truth_is_whether_taking_a_character_away_changes_the_frame(seed, monkeypatch):
    """An independent look: draw every second with and without each character, and compare pixels."""
    import screentime.demo.film as module

    wanted = {"seconds": 40, "seed": seed, "fps": 1, "size": (320, 180)}
    truth = film_truth(**wanted)
    whole = np.array(list(draw_frames(**wanted))).astype(int)
    act = module._act
    for column, name in enumerate(CHARACTERS):
        # Sent far outside the frame instead of playing its part.
        def absent(presence, time, size, shift, name=name):
            return act(presence, time, size, shift + (1e4 if presence.character == name else 0))

        monkeypatch.setattr(module, "_act", absent)
        without = np.array(list(draw_frames(**wanted))).astype(int)
        changed = (np.abs(whole - without).sum(axis=3) > 20).mean(axis=(1, 2))
        assert changed[~truth[:, column]].max() < 0.012
        assert changed[truth[:, column]].min() > 0.002
        assert truth[:, column].any() and not truth[:, column].all()


@pytest.mark.parametrize("seed", range(4))
def test_each_combination_is_on_screen_long_enough(seed):
    cat, mouse = film_truth(seconds=150, seed=seed).T
    seconds = {
        "cat": (cat & ~mouse).sum(),
        "mouse": (mouse & ~cat).sum(),
        "both": (cat & mouse).sum(),
        "neither": (~cat & ~mouse).sum(),
    }
    assert sum(seconds.values()) == 150
    assert min(seconds.values()) >= 10, seconds
    assert max(seconds.values()) <= 90, seconds


def test_the_sampled_frame_is_the_first_at_or_after_each_second():
    # At 0.5 frames a second the first frame at or after 1 s is the one at 2 s.
    slow, fast = film_truth(seconds=20, seed=9, fps=0.5), film_truth(seconds=20, seed=9, fps=12)
    assert np.array_equal(slow, fast[np.ceil(np.arange(20) / 2).astype(int)[:19] * 2])


def test_the_truth_is_written_as_a_table(tmp_path):
    truth = np.array([[True, False], [False, False], [True, True]])
    write_truth(tmp_path / "truth.csv", truth)
    with open(tmp_path / "truth.csv", newline="") as file:
        assert list(csv.reader(file)) == [
            ["second", *CHARACTERS],
            ["0", "1", "0"],
            ["1", "0", "0"],
            ["2", "1", "1"],
        ]


def test_a_folder_that_is_not_there_is_named_and_nothing_stays(tmp_path):
    with pytest.raises(FilmError, match="missing"):
        draw_film(tmp_path / "missing" / "demo.mp4", seconds=1, seed=0)
    assert not list(tmp_path.iterdir())


def test_on_a_disk_that_takes_no_more_there_is_a_sentence_and_the_old_film_stands(tmp_path):
    """OpenCV's writer says nothing of it."""
    path = tmp_path / "film.mp4"
    path.write_bytes(b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, before[1]))
    try:
        with pytest.raises(FilmError, match=r"film\.mp4 cannot be written\. Name an existing folder .* space is left\.$"):
            draw_film(path, **SMALL)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]
