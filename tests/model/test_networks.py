"""LiteRT and TensorFlow run the same network on pictures of any sizes."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from screentime.errors import ScreentimeError
from screentime.model.conversion import convert
from screentime.model.networks import MOST_SIZES, Lite, Saved, load_saved

SIZES = [(32, 40), (24, 24), (32, 40), (40, 32), (24, 24), (32, 40)]


@pytest.fixture(scope="module")
def saved(tiny):
    return load_saved(tiny.folder)


@pytest.fixture(scope="module")
def lite(saved):
    return Lite(convert(saved))


@pytest.fixture
def pictures():
    random = np.random.default_rng(1)
    return [random.random((*size, 3), dtype=np.float32) for size in SIZES]


def test_rows_come_in_the_pictures_order_whatever_their_sizes(saved, lite, pictures):
    alone = np.concatenate([saved.network(picture[None]).numpy() for picture in pictures])
    assert saved(pictures) == pytest.approx(alone, abs=1e-5)
    for _ in range(3):
        given = lite(pictures)
        assert given.dtype == np.float32 and given == pytest.approx(alone, rel=1e-4, abs=1e-5)
    assert lite(pictures[:1]) == pytest.approx(alone[:1], rel=1e-4, abs=1e-5)
    assert all(len(worker) <= MOST_SIZES for worker in lite._workers)


def test_mirror_images_and_tiles_need_not_be_copies(saved, lite, pictures):
    views = [pictures[0][:, ::-1], pictures[0][3:27, 5:29]]
    assert lite(views) == pytest.approx(saved([np.ascontiguousarray(view) for view in views]), rel=1e-4, abs=1e-5)


def test_a_batch_is_cut_where_the_graph_takes_fewer(tiny, pictures):
    sizes = []

    def network(given):
        sizes.append(tuple(given.shape))
        return tiny.network(given)

    saved = Saved(network, batch=2)
    same = [pictures[0]] * 5
    assert saved(same) == pytest.approx(np.repeat(saved(same[:1]), 5, axis=0), abs=1e-6)
    assert sizes == [(None, None, None, 3)]  # traced once, whatever comes


def test_calls_from_several_threads_do_not_mix(lite, pictures):
    expected = [lite([picture]) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            given = pool.map(lambda picture: lite([picture]), pictures)
            assert all((one == other).all() for one, other in zip(given, expected))


def test_a_fault_is_raised_and_the_next_call_succeeds(lite, pictures):
    expected = lite(pictures[:2])
    with pytest.raises(RuntimeError, match="failed to reshape"):
        lite([pictures[0], np.zeros((8, 8, 5), np.float32)])
    assert (lite(pictures[:2]) == expected).all()


def test_in_a_model_s_folder_the_flatbuffer_is_a_link_where_that_can_be(lite, tmp_path):
    kept = tmp_path / "kept.tflite"
    kept.write_bytes(lite.content)
    for name, path in (("linked", kept), ("copied", None), ("lost", tmp_path / "gone.tflite")):
        folder = tmp_path / name
        folder.mkdir()
        assert Lite(lite.content, path).write(folder) == "network.tflite"
        assert (folder / "network.tflite").read_bytes() == lite.content
        assert os.path.samefile(folder / "network.tflite", kept) is (name == "linked")


def test_a_flatbuffer_that_was_made_anew_meanwhile_is_not_linked_to(lite, tmp_path):
    cached, folder = tmp_path / "cached.tflite", tmp_path / "model"
    folder.mkdir()
    cached.write_bytes(b"another")
    Lite(lite.content, cached).write(folder)
    assert (folder / "network.tflite").read_bytes() == lite.content


def test_the_saved_model_that_is_put_into_a_folder_says_the_same(saved, tiny, tmp_path, pictures):
    for name, network in (("copied", saved), ("made", Saved(tiny.network))):
        (tmp_path / name).mkdir()
        assert network.write(tmp_path / name) == "model"
        assert load_saved(tmp_path / name / "model")(pictures) == pytest.approx(saved(pictures), abs=1e-6)


def test_litert_says_nothing_on_stderr(lite, tmp_path):
    (tmp_path / "network.tflite").write_bytes(lite.content)
    program = """
import sys
import numpy as np
from pathlib import Path
from screentime.model.networks import Lite
print(Lite(Path(sys.argv[1]).read_bytes())([np.ones((24, 24, 3), np.float32)] * 3).shape)
"""
    result = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "network.tflite")], capture_output=True, text=True,
        cwd=Path(__file__).parents[2],
    )
    assert (result.stdout, result.stderr) == ("(3, 8)\n", "")


def test_a_saved_model_that_a_full_disk_does_not_take_is_told_in_a_sentence(saved, tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(ScreentimeError) as caught:
            Saved(saved.network).write(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert str(caught.value) == (
        f"The model cannot be written to {tmp_path / 'model'}: File too large. See that space is left there."
    )
