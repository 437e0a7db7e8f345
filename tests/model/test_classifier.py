"""A model folder: saved, loaded, refused."""

from __future__ import annotations

import io
import json
import shutil

import numpy as np
import pytest

from screentime.errors import ModelError
from screentime.model.backbone import open_backbone, tensorflow
from screentime.model.classifier import load, read_card, save
from screentime.model.shift import Reference
from screentime.schema import Schema

REMEDY = "Name a folder that `screentime train` wrote, such as DIR/models/v001-…, copied whole."
CARD = {
    "version": "v001-0123456789ab", "mode": "multi", "characters": ["Tom", "Jerry"], "short_side": 336,
    "fps": 1.0, "backbone": {"name": "tiny"}, "round": {"version": "v001-0123456789ab"}, "title": "Том",
}

REFERENCE = Reference(np.eye(5, 16, dtype=np.float16), 0.25)


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
    save(folder, head, backbone, CARD, REFERENCE)
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


def test_a_saved_model_gives_embeddings_beside_its_probabilities(saved, tiny):
    folder, pictures, _ = saved
    classifier = load(folder)
    probabilities, embeddings = classifier.look(pictures)
    assert probabilities == pytest.approx(classifier.probabilities(pictures), abs=1e-6)
    assert embeddings.dtype == np.float32
    # The backbone that was saved looked at tiles too.
    assert embeddings == pytest.approx(open_backbone(str(tiny.folder), "tiles").embed(pictures), abs=1e-5)


def test_a_folder_from_before_gives_no_embeddings_and_has_no_reference(saved, tmp_path):
    """As `save` wrote them: one function, and nothing beside the model and its card."""
    tf = tensorflow()
    module = tf.Module()
    module.__call__ = tf.function(
        lambda pictures: tf.reduce_mean(pictures, axis=(1, 2))[:, :2],
        input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32)],
    )
    tf.saved_model.save(module, str(tmp_path / "model"), signatures=module.__call__)
    (tmp_path / "card.json").write_text(json.dumps(CARD))
    classifier = load(tmp_path)
    probabilities, embeddings = classifier.look(saved[1])
    assert probabilities == pytest.approx(saved[1].mean(axis=(1, 2))[:, :2], abs=1e-5)
    assert embeddings is None and classifier.reference is None


def test_what_the_model_knows_is_kept_beside_it(saved):
    reference = load(saved[0]).reference
    assert (reference.known == REFERENCE.known).all() and reference.known.dtype == np.float16
    assert reference.threshold == 0.25 and type(reference.threshold) is float


def test_a_reference_that_calls_nothing_strange_is_kept(head, tiny, tmp_path):
    save(tmp_path, head, open_backbone(str(tiny.folder), "tiles"), CARD, Reference(REFERENCE.known, np.inf))
    assert load(tmp_path).reference.threshold == np.inf


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
    probabilities, embeddings = classifier.look(pictures)
    assert (probabilities == classifier.probabilities(pictures)).all() and embeddings is None
    assert classifier.reference is None and not (tmp_path / "known.npz").exists()


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


def archive(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


KNOWN = REFERENCE.known
DAMAGE = {
    "empty": (b"", "it is no archive)"),
    "text": (b"a film, say", "it is no archive)"),
    "cut short": (archive(known=KNOWN, threshold=0.2)[:300], "it is no archive)"),
    "no threshold": (archive(known=KNOWN), "'threshold is not a file in the archive')"),
    "threshold": (archive(known=KNOWN, threshold=np.nan), "it holds no threshold)"),
    "pickle": (archive(known=np.array([{}]), threshold=0.2), "Object arrays cannot be loaded"),
    "row": (archive(known=KNOWN[0], threshold=0.2), "it holds no embeddings)"),
    "no rows": (archive(known=KNOWN[:0], threshold=0.2), "it holds no embeddings)"),
    "words": (archive(known=np.array([["a"]]), threshold=0.2), "it holds no embeddings)"),
    "not finite": (archive(known=KNOWN - np.float16(np.inf), threshold=0.2), "it holds no embeddings)"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_reference_is_told_when_it_is_asked_for(saved, tmp_path, kind):
    content, reason = DAMAGE[kind]
    folder = tmp_path / "v001"
    shutil.copytree(saved[0], folder)
    (folder / "known.npz").write_bytes(content)
    classifier = load(folder)
    with pytest.raises(ModelError) as caught:
        classifier.reference  # noqa: B018
    said = str(caught.value)
    assert said.startswith(f"{folder / 'known.npz'} cannot be read ({reason}")
    assert said.endswith(f"). {REMEDY}") and "\n" not in said
