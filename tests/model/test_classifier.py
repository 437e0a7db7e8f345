"""A model folder: saved, loaded, refused."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from screentime.errors import ModelError
from screentime.model.backbone import open_backbone, tensorflow
from screentime.model.classifier import load, read_card, save
from screentime.schema import Schema

REMEDY = "Name a folder that `screentime train` wrote, such as DIR/models/v001-…, copied whole."
CARD = {
    "version": "v001-0123456789ab", "mode": "multi", "characters": ["Tom", "Jerry"], "short_side": 336,
    "fps": 1.0, "backbone": {"name": "tiny"}, "round": {"version": "v001-0123456789ab"}, "title": "Том",
}


@pytest.fixture(scope="module")
def head():
    """Embeddings of sixteen numbers to two probabilities."""
    tensorflow()
    import tf_keras

    random = np.random.default_rng(4)
    network = tf_keras.Sequential([tf_keras.Input((16,)), tf_keras.layers.Dense(2, "sigmoid")])
    network.set_weights([random.normal(size=(16, 2), scale=4), random.normal(size=2)])
    return network


@pytest.fixture(scope="module")
def saved(tiny, head, tmp_path_factory):
    """A model folder whose backbone is gone, and what the network said of pictures before."""
    folder = tmp_path_factory.mktemp("models") / "v001-0123456789ab"
    folder.mkdir()
    copy = tmp_path_factory.mktemp("gone") / "backbone"
    shutil.copytree(tiny.folder, copy)
    backbone = open_backbone(str(copy), "tiles")
    pictures = np.random.default_rng(6).random((3, 336, 448, 3), dtype=np.float32)
    pictures *= np.array([0.2, 0.6, 1.0], np.float32)[:, None, None, None]
    expected = head.predict(backbone.embed(pictures), verbose=0)
    save(folder, head, backbone, CARD)
    shutil.rmtree(copy)
    return folder, pictures, expected


def test_a_saved_model_stands_alone_and_says_what_it_said_before(saved, tmp_path):
    folder, pictures, expected = saved
    shutil.copytree(folder, tmp_path / "elsewhere")
    classifier = load(tmp_path / "elsewhere")
    given = classifier.probabilities(pictures)
    assert given.dtype == np.float32
    assert given == pytest.approx(expected, abs=1e-5)
    assert np.ptp(expected, axis=0).min() > 0.001  # the pictures do differ for it
    assert classifier.version == "v001-0123456789ab"
    assert classifier.schema == Schema("multi", ("Tom", "Jerry"))
    assert classifier.card == CARD
    # Whatever the aspect, and as many as there are.
    assert classifier.probabilities(pictures[:1].swapaxes(1, 2)).shape == (1, 2)


def test_the_card_is_readable_by_people(saved):
    text = (saved[0] / "card.json").read_text("utf-8")
    assert json.loads(text) == CARD
    assert '\n  "mode": "multi",\n' in text and '"Том"' in text and text.endswith("}\n")
    assert read_card(saved[0]) == CARD


def test_a_network_on_pictures_needs_no_backbone(tmp_path):
    tensorflow()
    import tf_keras

    network = tf_keras.Sequential([
        tf_keras.Input((None, None, 3)), tf_keras.layers.GlobalAveragePooling2D(),
        tf_keras.layers.Dropout(0.5), tf_keras.layers.Activation("softmax"),
    ])
    save(tmp_path, network, None, {**CARD, "mode": "exclusive"})
    pictures = np.random.default_rng(1).random((2, 40, 60, 3), dtype=np.float32)
    classifier = load(tmp_path)
    means = np.exp(pictures.mean(axis=(1, 2)))
    assert classifier.probabilities(pictures) == pytest.approx(means / means.sum(axis=1, keepdims=True), abs=1e-5)
    assert classifier.schema.classes == ("neither", "Tom", "Jerry")


# -- refusals -------------------------------------------------------------------------------------


def refusal(folder):
    with pytest.raises(ModelError) as caught:
        load(folder)
    said = str(caught.value)
    assert said.endswith(f" {REMEDY}") and "\n" not in said
    return said.removesuffix(f" {REMEDY}")


@pytest.mark.parametrize("kind", ["missing", "empty", "file"])
def test_what_is_no_model_folder_is_told(tmp_path, kind):
    folder = tmp_path / "v009"
    if kind == "empty":
        folder.mkdir()
    if kind == "file":
        folder.write_text("a film, say")
    assert refusal(folder) == f"{folder} is no model folder: it has no card.json."


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "Expecting value: line 1 column 1 (char 0)"),
        (b'{"version": "v001', "Unterminated string starting at: line 1 column 13 (char 12)"),
        (b"\xff\xfe", "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
    ],
)
def test_a_damaged_card_is_told(tmp_path, content, reason):
    (tmp_path / "card.json").write_bytes(content)
    assert refusal(tmp_path) == f"{tmp_path / 'card.json'} cannot be read ({reason})."


@pytest.mark.parametrize(
    ("card", "missing"),
    [
        ({name: value for name, value in CARD.items() if name not in ("fps", "round")}, "fps, round"),
        ([1, 2], "backbone, characters, fps, mode, round, short_side, version"),
        (None, "backbone, characters, fps, mode, round, short_side, version"),
    ],
)
def test_a_card_that_lacks_something_is_told(tmp_path, card, missing):
    (tmp_path / "card.json").write_text(json.dumps(card))
    assert refusal(tmp_path) == f"{tmp_path / 'card.json'} lacks {missing}."


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"mode": "both"}, "The mode 'both' is not known. Use exclusive or multi."),
        ({"characters": []}, "No character is named. Name them: --characters Tom,Jerry."),
        ({"characters": ["Tom", "tom"]}, "The character 'Tom' is named twice. Name each one once."),
        ({"characters": None}, "'NoneType' object is not iterable"),
        ({"characters": [1]}, "'int' object has no attribute 'strip'"),
    ],
)
def test_a_card_whose_classes_cannot_be_is_told(tmp_path, changes, reason):
    (tmp_path / "card.json").write_text(json.dumps({**CARD, **changes}))
    path = tmp_path / "card.json"
    assert refusal(tmp_path) == f"{path} names no classes that can be used ({reason})."


@pytest.mark.parametrize(
    ("changes", "classes"), [({"characters": ["Tom", "Jerry", "Spike"]}, 3), ({"mode": "exclusive"}, 3)]
)
def test_a_model_that_does_not_fit_its_card_is_told(saved, tmp_path, changes, classes):
    folder = tmp_path / "v001"
    shutil.copytree(saved[0], folder)
    (folder / "card.json").write_text(json.dumps({**CARD, **changes}))
    assert refusal(folder) == f"The model in {folder} gives 2 probabilities and its card names {classes} classes."


@pytest.mark.parametrize("lost", ["model", "model/saved_model.pb", "model/variables"])
def test_a_folder_that_was_not_copied_whole_is_told(saved, tmp_path, lost):
    folder = tmp_path / "v001"
    shutil.copytree(saved[0], folder)
    part = folder / lost
    shutil.rmtree(part) if part.is_dir() else part.unlink()
    assert refusal(folder).startswith(f"The model in {folder} cannot be loaded (")
