"""A network is converted once, judged on real pictures, and kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from screentime.errors import BackboneError
from screentime.model import conversion
from screentime.model.backbone import open_backbone, tensorflow
from screentime.model.conversion import converted, judged, kept
from screentime.model.networks import Lite, Saved

PICTURES = list(np.random.default_rng(0).random((2, 32, 40, 3), dtype=np.float32))


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder."""
    monkeypatch.setenv("SCREENTIME_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "networks"


@pytest.fixture
def asked(tiny):
    """Gives the tiny backbone as TensorFlow runs it, and counts in ``asked.times`` how often."""

    def give():
        give.times += 1
        return Saved(tiny.network)

    give.times = 0
    return give


def no_pictures():
    pytest.fail("asked for pictures")


def test_the_second_time_it_comes_from_disk(cache, asked):
    first = converted("0123", asked, lambda: PICTURES)
    assert asked.times == 1 and (first.reason, first.note) == ("", "")
    names = sorted(os.listdir(cache))
    assert [name.rpartition(".")[2] for name in names] == ["json", "tflite", "lock"]
    assert all(name.startswith("0123-litert-") for name in names)
    second = converted("0123", asked, no_pictures)
    assert asked.times == 1
    assert second.lite.content == first.lite.content == (cache / names[1]).read_bytes()
    assert (second.lite(PICTURES) == first.lite(PICTURES)).all()
    assert first.lite(PICTURES) == pytest.approx(asked()(PICTURES), rel=1e-4, abs=1e-5)
    converted("4567", asked, lambda: PICTURES)
    assert len(os.listdir(cache)) == 6


@pytest.mark.parametrize("suffix", [".tflite", ".json"])
@pytest.mark.parametrize("spoil", [None, b"", b"half", b"[]", b'{"reason": "", "sha256": "0"}'])
def test_what_is_damaged_is_made_again(cache, asked, suffix, spoil):
    rows = converted("0123", asked, lambda: PICTURES).lite(PICTURES)
    (path,) = cache.glob(f"*{suffix}")
    path.unlink() if spoil is None else path.write_bytes(spoil)
    assert kept("0123") is None
    assert (converted("0123", asked, lambda: PICTURES).lite(PICTURES) == rows).all()
    assert asked.times == 2
    assert (kept("0123").lite(PICTURES) == rows).all()


def test_a_refusal_is_kept_too(cache, unconvertible):
    network = open_backbone(str(unconvertible), "whole").network
    first = converted("0123", lambda: Saved(network), lambda: PICTURES)
    assert first.lite is None and first.reason.startswith("LiteRT cannot run it (") and "\n" not in first.reason
    assert [path.suffix for path in sorted(cache.iterdir())] == [".json", ".lock"]
    assert converted("0123", no_pictures, no_pictures).reason == first.reason


def test_a_full_disk_is_no_verdict_on_the_network(cache, asked, monkeypatch):
    def full(saved):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(conversion, "convert", full)
        verdict = converted("0123", asked, lambda: PICTURES)
    assert verdict.lite is None and verdict.file is None
    assert verdict.reason == "it could not be converted for LiteRT now ([Errno 28] No space left on device)"
    assert converted("0123", asked, lambda: PICTURES).lite is not None


def test_another_runtime_judges_anew(cache, asked, monkeypatch):
    converted("0123", asked, lambda: PICTURES)
    monkeypatch.setattr(conversion, "litert", lambda: "LiteRT 99.0")
    assert kept("0123") is None


@pytest.mark.parametrize(
    ("off", "refused"), [(0.0, False), (0.01, False), (0.03, True), (-0.9, True)], ids=["same", "near", "far", "short"]
)
def test_features_that_differ_in_direction_or_length_are_refused(tiny, monkeypatch, off, refused):
    """As a wrong conversion would give them."""
    saved = Saved(tiny.network)
    rows = saved(PICTURES)
    wrong = rows.copy()
    if off < 0:
        wrong[1] *= 1 + off
    else:
        # The smallest entry is no part of the row's direction to speak of: this turns it by ``off``.
        wrong[1, np.abs(rows[1]).argmin()] += off * np.linalg.norm(rows[1])
    monkeypatch.setattr(Lite, "__call__", lambda self, pictures: wrong)
    verdict = judged(saved, PICTURES)
    assert (verdict.lite is None) is refused
    if refused:
        assert verdict.reason == f"{conversion.litert()} gives other features than TensorFlow"


def test_rows_that_are_no_numbers_are_refused(tiny, monkeypatch):
    monkeypatch.setattr(Lite, "__call__", lambda self, pictures: np.full((2, 8), np.nan, np.float32))
    assert judged(Saved(tiny.network), PICTURES).lite is None


def test_a_cache_that_cannot_be_written_is_told_and_stops_nobody(tmp_path, monkeypatch, asked):
    (tmp_path / "file").touch()
    monkeypatch.setenv("SCREENTIME_CACHE", str(tmp_path / "file"))
    verdict = converted("0123", asked, lambda: PICTURES)
    assert asked.times == 1 and verdict.lite.path is None
    assert verdict.note.startswith(f"{tmp_path / 'file' / 'networks'}") and "cannot be written" in verdict.note
    assert verdict.note.endswith("So the backbone will be converted again next time.")


def test_what_cannot_be_loaded_is_told_and_nothing_is_kept(cache, tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"no protocol buffer")
    backbone = open_backbone(str(tmp_path), "whole")
    with pytest.raises(BackboneError, match="is no feature vector that takes pictures"):
        backbone.embed(np.zeros((1, 224, 224, 3), np.float32))
    assert not list(cache.glob("*.json")) and not list(cache.glob("*.tflite"))


def test_two_processes_convert_once(cache, tiny):
    program = """
import sys
import numpy as np
from screentime.model import backbone, conversion
judged = conversion.judged
conversion.judged = lambda *given: print("judged") or judged(*given)
rows = backbone.open_backbone(sys.argv[1], "whole").embed(np.ones((1, 224, 224, 3), np.float32))
print(rows.round(4).tolist())
"""
    both = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tiny.folder)], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=Path(__file__).parents[2],
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120) for process in both]
    assert [errors for _, errors in said] == ["", ""]
    lines = sorted(line for out, _ in said for line in out.splitlines())
    assert len(lines) == 3 and lines[0] == lines[1] and lines[2] == "judged"


def test_a_backbone_that_was_judged_before_needs_no_tensorflow(cache, tiny):
    pictures = np.ones((1, 224, 224, 3), np.float32)
    expected = open_backbone(str(tiny.folder), "whole").embed(pictures)
    program = """
import json, sys
import numpy as np
from screentime.model.backbone import open_backbone
backbone = open_backbone(sys.argv[1], "whole")
rows = backbone.embed(np.ones((1, 224, 224, 3), np.float32))
print(json.dumps([rows.tolist(), sorted({"tensorflow", "tf_keras", "scipy", "sklearn"} & set(sys.modules))]))
"""
    result = subprocess.run(
        [sys.executable, "-c", program, str(tiny.folder)], capture_output=True, text=True,
        cwd=Path(__file__).parents[2],
    )
    assert result.stderr == ""
    rows, heavy = json.loads(result.stdout)
    assert np.array(rows) == pytest.approx(expected, abs=1e-6) and heavy == []


def test_a_model_of_keras_with_dropout_and_normalisation_is_converted_as_it_predicts():
    tensorflow()
    import tf_keras

    tf_keras.utils.set_random_seed(0)
    network = tf_keras.Sequential([
        tf_keras.Input((None, None, 3)), tf_keras.layers.Conv2D(4, 3, activation="relu"),
        tf_keras.layers.BatchNormalization(), tf_keras.layers.GlobalAveragePooling2D(),
        tf_keras.layers.Dropout(0.5), tf_keras.layers.Dense(2, "softmax"),
    ])
    network.layers[1].set_weights([np.full(4, 2.0), np.full(4, 0.5), np.full(4, 0.3), np.full(4, 0.7)])
    lite = judged(Saved(network), PICTURES).lite
    assert lite(PICTURES) == pytest.approx(network.predict(np.stack(PICTURES), verbose=0), abs=1e-5)
