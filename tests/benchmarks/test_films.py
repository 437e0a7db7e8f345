"""The films that the bench makes."""

import shutil

import cv2
import pytest

from scripts.benchmarks import films


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="no ffmpeg on this machine")
def test_a_film_is_made_once_and_whole(tmp_path):
    told = []
    film = films.moving(tmp_path, "tiny", 30, told.append)
    assert told == ["Making a film of 320x180."]
    capture = cv2.VideoCapture(str(film))
    times = []
    while capture.grab():
        times.append(capture.get(cv2.CAP_PROP_POS_MSEC))
    # Longer than its scenes, which repeat without a gap.
    assert len(times) == 30 * films.RATE
    steps = {round(after - before) for before, after in zip(times, times[1:])}
    assert steps == {1000 // films.RATE}
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".mp4", ".mp4"]
    written = film.stat().st_mtime_ns
    assert films.moving(tmp_path, "tiny", 30, told.append) == film
    assert film.stat().st_mtime_ns == written and len(told) == 1


def test_a_drawn_film_has_a_row_of_truth_a_second(tmp_path):
    film, truth = films.drawn(tmp_path, 12, 1, lambda sentence: None)
    assert film.is_file()
    lines = truth.read_text("utf-8").splitlines()
    assert lines[0] == "second,cat,mouse" and len(lines) == 13
