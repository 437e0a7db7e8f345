"""A real backbone, small enough for the tests: a reusable SavedModel as TF-Hub has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from screentime.model.backbone import Backbone, open_backbone, tensorflow
from screentime.records import Frame, frame_uid
from screentime.talk import Talk

FEATURES = 8
COLOURS = {"red": (40, 30, 220), "green": (60, 200, 40), "blue": (210, 60, 30), "black": (20, 20, 20)}  # BGR


@pytest.fixture(scope="session")
def make_backbone(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes SavedModel folders: one convolution, pooled over the picture unless told otherwise."""
    tf = tensorflow()

    def make(seed: int = 0, pooled: bool = True) -> Path:
        random = np.random.default_rng(seed)
        module = tf.train.Checkpoint()
        kernel = tf.Variable(random.normal(size=(3, 3, 3, FEATURES)), dtype=tf.float32, name="kernel")
        shift = tf.Variable(random.normal(size=FEATURES), dtype=tf.float32, trainable=False, name="shift")

        @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32)])
        def call(pictures):
            maps = tf.nn.relu(tf.nn.conv2d(pictures, kernel, strides=8, padding="SAME") + shift)
            return tf.reduce_mean(maps, axis=(1, 2)) if pooled else maps

        @tf.function(input_signature=[])
        def decay():
            return 1e-6 * tf.nn.l2_loss(kernel)

        module.__call__ = call
        module.variables = [kernel, shift]
        module.trainable_variables = [kernel]
        module.regularization_losses = [decay]
        folder = tmp_path_factory.mktemp("backbone")
        tf.saved_model.save(module, str(folder))
        return folder

    return make


@pytest.fixture(scope="session")
def tiny(make_backbone: Callable[..., Path]) -> Backbone:
    """The tiny backbone, looking at whole pictures."""
    return open_backbone(str(make_backbone()), "whole")


@pytest.fixture(scope="session")
def unconvertible(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel that LiteRT has no operation for: mean colours of four fields."""
    tf = tensorflow()
    module = tf.Module()
    module.gain = tf.Variable(tf.ones(12))
    module.__call__ = tf.function(
        lambda pictures: tf.reshape(tf.image.resize(pictures, (2, 2), "area"), (-1, 12)) * module.gain,
        input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32)],
    )
    folder = tmp_path_factory.mktemp("backbone") / "fields"
    tf.saved_model.save(module, str(folder))
    return folder


class Listener(Talk):
    """Keeps what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, sentence: str) -> None:
        self.said.append(sentence)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture(scope="session")
def draw_frames() -> Callable[..., list[Frame]]:
    """Draws frames of one film into a folder: a noisy picture of the colour named for each."""
    import cv2

    def draw(
        root: Path, colours: Sequence[str], digest: str = "00112233445566aa", size: tuple[int, int] = (96, 64)
    ) -> list[Frame]:
        random = np.random.default_rng(len(colours))
        frames = []
        for index, colour in enumerate(colours):
            file = f"frames/film-{digest[:8]}/{index:06d}.jpg"
            picture = np.array(COLOURS[colour]) + random.integers(-25, 25, (size[1], size[0], 3))
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(root / file), picture.clip(0, 255).astype(np.uint8))
            frames.append(Frame(frame_uid(digest, float(index)), file, index, float(index), "film.mp4"))
        return frames

    return draw
