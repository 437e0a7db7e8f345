"""A model folder: saved, loaded, refused."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screentime.errors import ModelError
from screentime.model.backbone import open_backbone, tensorflow
from screentime.model.card import read_card
from screentime.model.classifier import load, save
from screentime.model.conversion import judged
from screentime.model.head import Head
from screentime.model.networks import Saved
from screentime.model.shift import Reference
from screentime.model.views import View
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
    random = np.random.default_rng(4)
    mean, kernel = random.normal(size=16) / 8, random.normal(size=(16, 2), scale=4)
    return Head(
        mean.astype(np.float32), 0.5, kernel.astype(np.float32), random.normal(size=2).astype(np.float32), "sigmoid"
    )


@pytest.fixture(scope="module")
def pictures():
    given = np.random.default_rng(6).random((3, 336, 448, 3), dtype=np.float32)
    tints = np.array([[0.2, 0.2, 0.2], [0.6, 0.9, 0.6], [1.0, 0.5, 1.0]], np.float32)
    return given * tints[:, None, None]


@pytest.fixture(scope="module")
def saved(tiny, head, pictures, tmp_path_factory):
    """A model folder whose backbone is gone, and what the network said of pictures before."""
    folder = tmp_path_factory.mktemp("models") / "v001-0123456789ab"
    folder.mkdir()
    copy = tmp_path_factory.mktemp("gone") / "backbone"
    shutil.copytree(tiny.folder, copy)
    backbone = open_backbone(str(copy), "tiles")
    expected = head(backbone.embed(pictures))
    assert save(folder, backbone.portable, backbone.view, head, CARD, REFERENCE) == {**CARD, **network_of(folder)}
    shutil.rmtree(copy)
    return folder, pictures, expected


def network_of(folder):
    """What the card says of the network."""
    digest = hashlib.sha256((folder / "network.tflite").read_bytes()).hexdigest()
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in sorted(os.listdir(folder))}
    files.pop("card.json", None)
    return {
        "network": {"file": "network.tflite", "view": "tiles", "side": 224, "sha256": digest}, "files": files,
    }


@pytest.fixture(scope="module")
def refused(unconvertible, pictures, tmp_path_factory):
    """A model folder whose network LiteRT cannot run, and what it said of pictures before."""
    folder = tmp_path_factory.mktemp("models") / "v002"
    folder.mkdir()
    random = np.random.default_rng(8)
    head = Head(
        np.zeros(24, np.float32), 1.0, random.normal(size=(24, 2)).astype(np.float32), np.zeros(2, np.float32),
        "sigmoid",
    )
    backbone = open_backbone(str(unconvertible), "tiles")
    expected = head(backbone.embed(pictures))
    save(folder, backbone.portable, backbone.view, head, CARD, REFERENCE)
    return folder, pictures, expected


@pytest.fixture(scope="module")
def before(tiny, head, pictures, tmp_path_factory):
    """A folder as it was until models became flatbuffers: one SavedModel; and what it says of pictures."""
    tf = tensorflow()
    folder = tmp_path_factory.mktemp("models") / "v003"
    folder.mkdir()
    backbone = tiny.network
    pictures_in = [tf.TensorSpec((None, None, None, 3), tf.float32)]

    class Headed(tf.Module):
        def __init__(self):
            super().__init__()
            self.kernel, self.backbone = tf.Variable(head.kernel[:8]), backbone

        @tf.function(input_signature=pictures_in)
        def look(self, pictures):
            embeddings = tf.math.l2_normalize(self.backbone(pictures), axis=1)
            return tf.sigmoid(embeddings @ self.kernel), embeddings

        @tf.function(input_signature=pictures_in)
        def __call__(self, pictures):
            return self.look(pictures)[0]

    tf.saved_model.save(Headed(), str(folder / "model"))
    (folder / "card.json").write_text(json.dumps(CARD))
    return folder, pictures, 1 / (1 + np.exp(-tiny.embed(pictures) @ head.kernel[:8]))


@pytest.mark.parametrize("kind", ["saved", "refused", "before"])
def test_a_saved_model_stands_alone_and_says_what_it_said_before(kind, request, tmp_path):
    folder, pictures, expected = request.getfixturevalue(kind)
    shutil.copytree(folder, tmp_path / "elsewhere")
    classifier = load(tmp_path / "elsewhere")
    given = classifier.probabilities(pictures)
    assert given.dtype == np.float32
    assert given == pytest.approx(expected, abs=1e-5)
    assert np.ptp(expected, axis=0).min() > 0.001  # the pictures do differ for it
    assert classifier.version == "v001-0123456789ab"
    assert classifier.schema == Schema("multi", ("Tom", "Jerry"))
    assert {name: value for name, value in classifier.card.items() if name not in ("network", "files")} == CARD
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


@pytest.mark.parametrize("kind", ["refused", "before"])
def test_a_saved_model_of_tensorflow_gives_embeddings_too(kind, request, tiny, unconvertible):
    folder, pictures, _ = request.getfixturevalue(kind)
    probabilities, embeddings = load(folder).look(pictures)
    assert probabilities == pytest.approx(load(folder).probabilities(pictures), abs=1e-6)
    backbone = tiny if kind == "before" else open_backbone(str(unconvertible), "tiles")
    assert embeddings == pytest.approx(backbone.embed(pictures), abs=1e-5)


def test_a_head_s_folder_holds_no_saved_model_unless_litert_refused(saved, refused):
    assert sorted(os.listdir(saved[0])) == ["card.json", "head.npz", "known.npz", "network.tflite"]
    assert sorted(os.listdir(refused[0])) == ["card.json", "head.npz", "known.npz", "model"]


def test_a_saved_model_predicts_without_tensorflow(saved):
    folder, _, _ = saved
    program = """
import sys
import numpy as np
from pathlib import Path
from screentime.model.classifier import load
probabilities, embeddings = load(Path(sys.argv[1])).look(np.ones((1, 336, 448, 3), np.float32))
print(probabilities.shape, embeddings.shape)
print(sorted({"tensorflow", "tf_keras", "sklearn", "scipy", "pandas", "matplotlib"} & set(sys.modules)))
"""
    result = subprocess.run([sys.executable, "-c", program, str(folder)], capture_output=True, text=True)
    assert (result.stdout, result.stderr) == ("(1, 2) (1, 16)\n[]\n", "")


def test_a_folder_from_before_gives_no_embeddings_and_has_no_reference(saved, tmp_path):
    """As they were once: one function, and nothing beside the model and its card."""
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
    save(tmp_path, tiny.portable, View("tiles", 224), head, CARD, Reference(REFERENCE.known, np.inf))
    assert load(tmp_path).reference.threshold == np.inf


def test_the_card_is_readable_by_people(saved):
    text = (saved[0] / "card.json").read_text("utf-8")
    card = {**CARD, **network_of(saved[0])}
    assert json.loads(text) == card
    assert '\n  "mode": "multi",\n' in text and '"Том"' in text and text.endswith("}\n")
    assert read_card(saved[0]) == card


@pytest.mark.parametrize("convertible", [True, False])
def test_a_network_on_squares_needs_no_head(tmp_path, convertible):
    tensorflow()
    import tf_keras

    network = tf_keras.Sequential([
        tf_keras.Input((None, None, 3)),
        *([] if convertible else [tf_keras.layers.Resizing(20, 20, interpolation="area")]),
        tf_keras.layers.GlobalAveragePooling2D(), tf_keras.layers.Dropout(0.5),
        tf_keras.layers.Activation("softmax"),
    ])
    verdict = judged(Saved(network), [np.ones((20, 20, 3), np.float32)])
    assert bool(verdict.lite) is convertible
    view = View("square", 20)
    save(tmp_path, verdict.lite or Saved(network), view, None, {**CARD, "mode": "exclusive", "short_side": 20})
    pictures = np.random.default_rng(1).random((2, 40, 60, 3), dtype=np.float32)
    classifier = load(tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["card.json", "network.tflite" if convertible else "model"]
    means = np.exp(pictures.mean(axis=(1, 2)))
    assert classifier.probabilities(pictures) == pytest.approx(means / means.sum(axis=1, keepdims=True), abs=1e-5)
    assert classifier.schema.classes == ("neither", "Tom", "Jerry")
    assert classifier.size(960, 540) == (20, 20)
    probabilities, embeddings = classifier.look(pictures)
    assert (probabilities == classifier.probabilities(pictures)).all() and embeddings is None
    assert classifier.reference is None and not (tmp_path / "known.npz").exists()


def test_a_network_on_squares_whose_card_says_another_mode_is_told(tmp_path):
    tensorflow()
    import tf_keras

    network = tf_keras.Sequential([
        tf_keras.Input((None, None, 3)), tf_keras.layers.GlobalAveragePooling2D(),
        tf_keras.layers.Activation("sigmoid"),
    ])
    save(tmp_path, Saved(network), View("square", 20), None, {**CARD, "mode": "exclusive", "short_side": 20})
    assert refusal(tmp_path) == (
        f"The model in {tmp_path} cannot be loaded (its probabilities do not add up to one, as the mode exclusive"
        " wants them)."
    )


def test_a_model_says_at_which_size_it_wants_a_frame(saved, before):
    assert load(saved[0]).size(960, 540) == load(before[0]).size(960, 540) == (597, 336)


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
        (b"\xff\xfe", "line 1 is no text in UTF-8"),
        (b"[1, 2]", "it holds no names with values"),
        (b"null", "it holds no names with values"),
        (b"[" * 100_000, "it is nested too deeply"),
        (b'{"short_side": 1' + b"0" * 5000 + b"}", "it holds a number of too many digits"),
    ],
)
def test_a_damaged_card_is_told(tmp_path, content, reason):
    (tmp_path / "card.json").write_bytes(content)
    assert refusal(tmp_path) == f"{tmp_path / 'card.json'} cannot be read ({reason})."


@pytest.mark.parametrize(
    ("card", "missing"),
    [
        ({name: value for name, value in CARD.items() if name not in ("fps", "round")}, "fps, round"),
        ({}, "backbone, characters, fps, mode, round, short_side, version"),
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
    ],
)
def test_a_card_whose_classes_cannot_be_is_told(tmp_path, changes, reason):
    (tmp_path / "card.json").write_text(json.dumps({**CARD, **changes}))
    path = tmp_path / "card.json"
    assert refusal(tmp_path) == f"{path} names no classes that can be used ({reason})."


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"characters": None}, "Expected `array`, got `null` at `characters`"),
        ({"characters": [1]}, "Expected `str`, got `int` at `characters[0]`"),
        ({"short_side": 1025}, "Expected `int` <= 1024 at `short_side`"),
        ({"short_side": "336"}, "Expected `int`, got `str` at `short_side`"),
        ({"fps": 0}, "Expected `float` > 0.0 at `fps`"),
        ({"fps": float("nan")}, "Expected `float` > 0.0 at `fps`"),
        ({"smoothing": -1}, "Expected `float` >= 0.0 at `smoothing`"),
        ({"version": "../../v001"}, "Expected `str` matching regex '^[\\\\w.-]{1,200}\\\\Z' at `version`"),
        ({"backbone": []}, "Expected `object`, got `array` at `backbone`"),
        ({"network": {}}, "Object missing required field `file` at `network`"),
        ({"network": {"file": "../x", "view": "tiles", "side": 224}}, "Invalid enum value '../x' at `network.file`"),
        ({"network": {"file": "model", "view": "round", "side": 224}}, "Invalid enum value 'round' at `network.view`"),
        ({"network": {"file": "model", "view": "tiles", "side": 0}}, "Expected `int` >= 8 at `network.side`"),
        ({"network": {"file": "model", "view": "tiles", "side": 1025}}, "Expected `int` <= 1024 at `network.side`"),
        ({"files": ["head.npz"]}, "Expected `object`, got `array` at `files`"),
    ],
)
def test_a_card_that_says_what_cannot_be_is_told_with_the_place(tmp_path, changes, reason):
    (tmp_path / "card.json").write_text(json.dumps({**CARD, **changes}))
    assert refusal(tmp_path) == f"{tmp_path / 'card.json'} says what cannot be ({reason})."


def test_a_model_that_does_not_fit_its_card_is_told(saved, tmp_path):
    folder = tmp_path / "v001"
    shutil.copytree(saved[0], folder)
    three = {"characters": ["Tom", "Jerry", "Spike"]}
    (folder / "card.json").write_text(json.dumps({**CARD, **network_of(folder), **three}))
    assert refusal(folder) == f"The model in {folder} gives 2 probabilities and its card names 3 classes."


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        # The one character beside nobody makes as many numbers as the two did.
        ({"mode": "exclusive", "characters": ["Tom"]}, "head.npz gives sigmoid and the mode exclusive wants softmax"),
        ({"mode": "exclusive"}, "head.npz gives sigmoid and the mode exclusive wants softmax"),
        ({"short_side": 300}, "short_side is 300 and the view wants 336"),
    ],
)
def test_a_card_that_was_edited_is_told(saved, tmp_path, changes, reason):
    folder = tmp_path / "v001"
    shutil.copytree(saved[0], folder)
    (folder / "card.json").write_text(json.dumps({**CARD, **network_of(folder), **changes}))
    assert refusal(folder) == f"The model in {folder} cannot be loaded ({reason})."


@pytest.mark.parametrize(
    ("kind", "lost"),
    [
        ("saved", "network.tflite"), ("saved", "head.npz"), ("refused", "model"), ("refused", "model/saved_model.pb"),
        ("refused", "head.npz"), ("before", "model"), ("before", "model/saved_model.pb"), ("before", "model/variables"),
    ],
)
def test_a_folder_that_was_not_copied_whole_is_told(request, tmp_path, kind, lost):
    folder = tmp_path / "v001"
    shutil.copytree(request.getfixturevalue(kind)[0], folder)
    part = folder / lost
    shutil.rmtree(part) if part.is_dir() else part.unlink()
    assert refusal(folder).startswith(f"The model in {folder} cannot be loaded (")


@pytest.mark.parametrize("content", [b"", b"a film, say", None])
def test_a_damaged_or_foreign_flatbuffer_is_told(saved, tmp_path, content):
    folder = tmp_path / "v001"
    shutil.copytree(saved[0], folder)
    path = folder / "network.tflite"
    path.write_bytes(path.read_bytes()[:-1] + b"?" if content is None else content)
    said = refusal(folder)
    assert said == f"The model in {folder} cannot be loaded (network.tflite is not the one that was saved)."


def test_a_flatbuffer_that_is_none_though_the_card_knows_it_is_told(saved, tmp_path):
    folder = tmp_path / "v001"
    shutil.copytree(saved[0], folder)
    (folder / "network.tflite").write_bytes(b"a film, say")
    (folder / "card.json").write_text(json.dumps({**CARD, **network_of(folder)}))
    assert refusal(folder) == (
        f"The model in {folder} cannot be loaded (The model is not a valid Flatbuffer buffer)."
    )


def test_any_change_of_a_file_is_seen_before_anything_is_loaded(saved, refused, tmp_path):
    for kind, (whole, *_) in {"saved": saved, "refused": refused}.items():
        names = [path.relative_to(whole) for path in sorted(whole.rglob("*")) if path.is_file()]
        for name in names:
            if name.name == "card.json":
                continue
            folder = tmp_path / f"{kind}-{name.name}"
            shutil.copytree(whole, folder)
            content = bytearray((folder / name).read_bytes())
            content[len(content) // 2] ^= 1
            (folder / name).write_bytes(content)
            assert refusal(folder) == f"The model in {folder} cannot be loaded ({name} is not the one that was saved)."
            (folder / name).unlink()
            assert refusal(folder) == f"The model in {folder} cannot be loaded ({name} is missing)."
    (folder := tmp_path / "more").mkdir()
    shutil.copytree(refused[0], folder, dirs_exist_ok=True)
    (folder / "model" / "more.pb").write_bytes(b"x")
    assert refusal(folder).endswith("(model/more.pb is not the one that was saved).")


def without_digests(saved, tmp_path):
    """A copy of a folder as it was before cards knew the digests of its files."""
    folder = tmp_path / "v001"
    shutil.copytree(saved[0], folder)
    card = json.loads((folder / "card.json").read_text("utf-8"))
    del card["files"]
    (folder / "card.json").write_text(json.dumps(card), "utf-8")
    return folder


def test_a_card_without_digests_still_loads_and_its_flatbuffer_is_checked(saved, tmp_path):
    folder = without_digests(saved, tmp_path)
    assert load(folder).probabilities(saved[1]) == pytest.approx(saved[2], abs=1e-5)
    path = folder / "network.tflite"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert refusal(folder).endswith("(network.tflite is not the one that was saved).")


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
    "other network": (archive(known=KNOWN[:, :8], threshold=0.2), "its embeddings have 8 numbers and the network's 16)"),
    "not finite": (archive(known=KNOWN - np.float16(np.inf), threshold=0.2), "it holds no embeddings)"),
}


def bomb():
    """A small archive that would become a gigabyte."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed, packed.open("known.npy", "w") as part:
        for _ in range(1025):
            part.write(bytes(2**19))
    return file.getvalue()


HEAD = {
    "mean": np.zeros(16, np.float32), "scale": np.float64(1), "kernel": np.zeros((16, 2), np.float32),
    "bias": np.zeros(2, np.float32), "activation": np.array("sigmoid"),
}
SPOILT = {
    "empty": (b"", "it is no archive"),
    "cut short": (archive(**HEAD)[:-30], "it is no archive"),
    "pickle": (archive(**{**HEAD, "mean": np.array([{}])}), "Object arrays cannot be loaded when allow_pickle=False"),
    "a pickle alone": (pickle.dumps({"mean": 1}), "it is no archive"),
    "lacks one": (archive(mean=HEAD["mean"]), "'scale is not a file in the archive'"),
    "other network": (
        archive(**{**HEAD, "mean": np.zeros(8, np.float32), "kernel": np.zeros((8, 2), np.float32)}),
        "the network's embeddings have 16 numbers and the head wants 8",
    ),
    "does not fit": (archive(**{**HEAD, "bias": np.zeros(3, np.float32)}), "the arrays in head.npz do not fit one another"),
    "not finite": (archive(**{**HEAD, "bias": np.full(2, np.nan, np.float32)}), "head.npz holds no bias"),
    "activation": (archive(**{**HEAD, "activation": np.array("exp")}), "head.npz holds no activation"),
    "bomb": (bomb(), "it would take more than 512 MB"),
}


@pytest.mark.parametrize("kind", SPOILT)
def test_a_head_that_is_none_or_another_network_s_is_told(saved, tmp_path, kind):
    folder = without_digests(saved, tmp_path)
    content, reason = SPOILT[kind]
    (folder / "head.npz").write_bytes(content)
    assert refusal(folder) == f"The model in {folder} cannot be loaded ({reason})."


@given(data=st.data())
def test_bytes_changed_in_the_arrays_of_an_older_folder_end_in_a_sentence(saved, tmp_path_factory, data):
    folder = without_digests(saved, tmp_path_factory.mktemp("old"))
    name = data.draw(st.sampled_from(["head.npz", "known.npz"]))
    content = bytearray((folder / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (folder / name).write_bytes(content[: data.draw(st.integers(0, len(content)) | st.just(len(content)))])
    try:
        classifier = load(folder)
        assert classifier.reference.known.shape[1] == 16
        assert classifier.probabilities(saved[1][:1]).shape == (1, 2)
    except ModelError as error:
        assert str(error).endswith(REMEDY) and "\n" not in str(error)


def test_what_are_no_probabilities_are_refused(saved):
    classifier = load(saved[0])
    for wrong in (np.nan, 1.5, -0.5, np.inf):
        broken = replace(classifier, _look=lambda pictures, wrong=wrong: (np.full((1, 2), wrong, np.float32), None))
        with pytest.raises(ModelError, match=f"^The model in {saved[0]} gives what are no probabilities"):
            broken.probabilities(saved[1])


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_reference_is_told_when_it_is_asked_for(saved, tmp_path, kind):
    content, reason = DAMAGE[kind]
    folder = without_digests(saved, tmp_path)
    (folder / "known.npz").write_bytes(content)
    classifier = load(folder)
    with pytest.raises(ModelError) as caught:
        classifier.reference  # noqa: B018
    said = str(caught.value)
    assert said.startswith(f"{folder / 'known.npz'} cannot be read ({reason}")
    assert said.endswith(f"). {REMEDY}") and "\n" not in said
