#!/usr/bin/env python
"""Train the `builtin` backbone from nothing on drawn pictures, and save it as a TF-Hub feature vector.

    python scripts/train_builtin.py

MobileNetV2 (width 0.35) learns to say which parts and colours are where in pictures of random invented
creatures, and which occur together (see menagerie.py). Asking *where* as well makes it learn far faster than
asking what the whole picture contains; the heads that answer are thrown away afterwards. The pooled
activations are then whitened over the training pictures: what all drawings share (outlines, flat areas) would
otherwise drown what tells characters apart. The same command gives the same pictures and, on the same machine
and versions, the same weights.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from menagerie import GRID, PAIRS, PARTS, draw_picture  # noqa: E402

SIDE = 96  # pixels of the edge of a picture, as the backbone will get it
EPOCHS = 5
BATCH = 32
RATE = 3e-3
PAIR_SHARE = 0.3  # weight of the whole picture's pairs against the cells' parts
HELD_OUT = 1500
FEATURES = 192
WHITENED = 2000  # pictures over which the features are whitened
CHUNK = 500  # pictures drawn from one generator


def main() -> None:
    """Draw, train, save, and print the figures that go into the card."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--folder", type=Path, default=ROOT / "screentime" / "model" / "builtin", help="where to save"
    )
    parser.add_argument("--pictures", type=int, default=24_000, help="pictures to train on")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

    begun = time.monotonic()
    drawn = draw_pictures(options.pictures + HELD_OUT, options.seed)
    say(f"{len(drawn.pictures)} pictures drawn in {time.monotonic() - begun:.0f} s")
    pooled, metrics = train(drawn, options.seed)
    net = whiten(pooled, drawn.pictures[:WHITENED])
    save(net, options.folder)
    metrics["minutes"] = round((time.monotonic() - begun) / 60, 1)
    card = make_card(options.pictures, options.seed, metrics)
    (options.folder / "card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    size = sum(file.stat().st_size for file in options.folder.rglob("*") if file.is_file())
    print(json.dumps({**metrics, "bytes": size}))


class Drawn(NamedTuple):
    """Pictures, (n, SIDE, SIDE, 3) uint8; cells, (n, GRID, GRID, PARTS) bool; pairs, (n, PAIRS) bool."""

    pictures: np.ndarray
    cells: np.ndarray
    pairs: np.ndarray


def draw_pictures(count: int, seed: int) -> Drawn:
    """Draw training pictures with all cores; how many there are makes no difference to the result."""
    starts = range(0, count, CHUNK)
    seeds = np.random.SeedSequence(seed).spawn(len(starts))
    jobs = zip(seeds, (min(CHUNK, count - start) for start in starts), strict=True)
    with multiprocessing.get_context("spawn").Pool() as pool:
        chunks = list(pool.imap(_draw_chunk, jobs))
    return Drawn(*(np.concatenate(parts) for parts in zip(*chunks, strict=True)))


def _draw_chunk(job: tuple[np.random.SeedSequence, int]) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(job[0])
    return tuple(
        np.stack(parts) for parts in zip(*(draw_picture(rng, SIDE) for _ in range(job[1])), strict=True)
    )


def vary(
    drawn: Drawn, rows: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Some pictures in another light, half of them flipped: float32 pictures in [0, 1], cells and pairs."""
    pictures, cells = drawn.pictures[rows].astype(np.float32) / 255, drawn.cells[rows].astype(np.float32)
    flipped = rng.random(len(rows)) < 0.5
    pictures[flipped], cells[flipped] = pictures[flipped, :, ::-1], cells[flipped, :, ::-1]
    light = rng.uniform(0.75, 1.15, (len(rows), 1, 1, 1)) * rng.uniform(0.93, 1.07, (len(rows), 1, 1, 3))
    pictures = pictures * light + rng.uniform(-0.05, 0.05, (len(rows), 1, 1, 1))
    return np.clip(pictures, 0, 1).astype(np.float32), cells, drawn.pairs[rows].astype(np.float32)


def train(drawn: Drawn, seed: int):
    """Train on all but the last `HELD_OUT` pictures.

    Returns
    -------
    pooled : tf_keras.Model
        Pictures in [0, 1] of any size to pooled activations.
    metrics : dict
        Micro-averaged precision (area under the precision-recall curve) of cells and pairs, on pictures
        trained on and on held-out ones.
    """
    import tensorflow as tf
    import tf_keras
    from sklearn.metrics import average_precision_score

    tf_keras.utils.set_random_seed(seed)
    split = len(drawn.pictures) - HELD_OUT
    pooled, model = build(drawn.cells[:split].mean((0, 1, 2)), drawn.pairs[:split].mean(0))
    steps = EPOCHS * (split // BATCH)
    warm = max(1, min(100, steps // 10))
    schedule = tf_keras.optimizers.schedules.CosineDecay(
        RATE / 20, steps - warm, alpha=0.01, warmup_target=RATE, warmup_steps=warm
    )
    optimizer = tf_keras.optimizers.AdamW(schedule, weight_decay=1e-2, clipnorm=1.0)

    def asked(truth, logits):
        return tf.reduce_mean(tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(truth, logits), axis=-1))

    @tf.function
    def step(pictures, cells, pairs):
        with tf.GradientTape() as tape:
            fine, coarse, whole = model(pictures, training=True)
            losses = (
                asked(cells, fine),
                asked(tf.nn.max_pool2d(cells, 2, 2, "VALID"), coarse),
                asked(pairs, whole),
            )
            loss = losses[0] + losses[1] + PAIR_SHARE * losses[2]
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return tf.stack(losses)

    def measure(part: slice) -> dict[str, float]:
        fine, _, whole = model.predict(
            drawn.pictures[part].astype(np.float32) / 255, batch_size=250, verbose=0
        )
        pairs = average_precision_score(drawn.pairs[part].ravel(), whole.ravel())
        cells = average_precision_score(drawn.cells[part].ravel(), fine.ravel())
        return {"cells": round(float(cells), 3), "pairs": round(float(pairs), 3)}

    rng, begun, losses = np.random.default_rng(seed), time.monotonic(), []
    for epoch in range(EPOCHS):
        for rows in rng.permutation(split)[: split // BATCH * BATCH].reshape(-1, BATCH):
            losses.append(step(*map(tf.constant, vary(drawn, rows, rng))).numpy())
            if len(losses) % 200 == 0:
                fine, coarse, whole = np.mean(losses[-200:], axis=0)
                say(
                    f"step {len(losses)}/{steps}, {time.monotonic() - begun:.0f} s, "
                    f"loss of cells {fine:.2f} and {coarse:.2f}, of pairs {whole:.2f}"
                )
        held_out = measure(slice(split, None))
        say(f"epoch {epoch + 1}/{EPOCHS}, average precision on held-out pictures: {held_out}")
    return pooled, {"training": measure(slice(0, HELD_OUT)), "validation": held_out}


def build(cell_rates: np.ndarray, pair_rates: np.ndarray):
    """MobileNetV2 without weights, and the same with its three heads.

    Parameters
    ----------
    cell_rates, pair_rates : ndarray, shapes (PARTS,) and (PAIRS,)
        How often each is true: where the heads' biases begin.

    Returns
    -------
    pooled : tf_keras.Model
        Pictures in [0, 1] to pooled activations, shape (n, 448): of block 13, which is fine enough for small
        characters, and of the last block.
    model : tf_keras.Model
        Pictures of SIDE to logits of GRID x GRID cells, of half as many each way, and of pairs.
    """
    import tensorflow as tf
    import tf_keras
    from tf_keras import layers

    core = tf_keras.applications.MobileNetV2(
        input_shape=(None, None, 3), alpha=0.35, include_top=False, weights=None
    )
    for layer in core.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = 0.99  # the usual 0.999 takes longer to settle than this training lasts

    def head(rates):
        odds = rates.clip(1e-4, 1 - 1e-4)
        return layers.Dense(
            len(rates), bias_initializer=tf_keras.initializers.Constant(np.log(odds / (1 - odds)))
        )

    ends = [core.get_layer(name).output for name in ("block_13_expand_relu", "block_16_project_BN")]
    inputs = tf_keras.Input((None, None, 3))
    middle, late = tf_keras.Model(core.input, ends)(layers.Rescaling(2.0, offset=-1.0)(inputs))
    last = tf_keras.Model(ends[1], core.output)(late)  # only the heads look at it: it is not saved
    # 1280 features move a rare answer's logit far at each step of Adam: scaled down, it settles.
    pairs = head(pair_rates)(layers.Rescaling(0.1)(layers.GlobalAveragePooling2D()(last)))
    model = tf_keras.Model(inputs, [head(cell_rates)(middle), head(cell_rates)(last), pairs])
    # A mean of cubes lies between average and maximum: a small character in one corner still counts.
    cubes = layers.Lambda(lambda maps: tf.reduce_mean(tf.maximum(maps, 1e-6) ** 3, axis=(1, 2)) ** (1 / 3))
    both = layers.Concatenate()([cubes(middle), layers.GlobalAveragePooling2D()(late)])
    return tf_keras.Model(inputs, both), model


def whiten(pooled, pictures: np.ndarray):
    """Put a fixed linear layer behind a net that makes features uncorrelated, of variance 1.

    Parameters
    ----------
    pooled : tf_keras.Model
        Pictures in [0, 1] to activations, shape (n, d).
    pictures : ndarray, shape (n, side, side, 3), uint8

    Returns
    -------
    tf_keras.Model
        Pictures to the first `FEATURES` principal components; the linear layer is not trainable.
    """
    import tf_keras

    activations = pooled.predict(pictures.astype(np.float32) / 255, batch_size=250, verbose=0).astype(
        np.float64
    )
    mean, spread = activations.mean(0), activations.std(0)
    spread += 1e-3 * spread.mean()  # an activation that never changes stays finite
    _, sizes, directions = np.linalg.svd((activations - mean) / spread, full_matrices=False)
    kernel = directions[:FEATURES].T / (sizes[:FEATURES] / np.sqrt(len(pictures))) / spread[:, None]
    linear = tf_keras.layers.Dense(FEATURES, trainable=False)
    net = tf_keras.Model(pooled.input, linear(pooled.output))
    linear.set_weights([kernel, -mean @ kernel])
    return net


def save(net, folder: Path) -> None:
    """Save a net as a reusable SavedModel of TF-Hub: variables and one callable, nothing of Keras."""
    import tensorflow as tf

    @tf.function
    def call(inputs, training=False):
        return net(inputs, training=training)

    spec = tf.TensorSpec((None, None, None, 3), tf.float32, name="inputs")
    call.get_concrete_function(spec, training=True)
    infer = call.get_concrete_function(spec, training=False)
    module = tf.train.Checkpoint()
    module.__call__ = call
    module.variables = list(net.variables)
    module.trainable_variables = list(net.trainable_variables)
    module.regularization_losses = []
    shutil.rmtree(folder, ignore_errors=True)
    serve = tf.function(lambda inputs: {"default": infer(inputs)}, input_signature=[spec])
    tf.saved_model.save(module, str(folder), signatures={"serving_default": serve})
    (folder / "assets").rmdir()


def make_card(pictures: int, seed: int, metrics: dict) -> dict:
    """What a person should know of the backbone."""
    return {
        "name": "builtin",
        "what": "Feature vector of drawn pictures: TF2 SavedModel, TF-Hub's reusable interface",
        "architecture": "MobileNetV2, width 0.35, from random weights; blocks 13 and 16 pooled, whitened",
        "input": "float32 RGB in [0, 1], shape (n, height, width, 3), any size from 32 px",
        "input_size": [SIDE, SIDE],
        "output": f"float32, shape (n, {FEATURES}), about uncorrelated and of variance 1",
        "data": f"{pictures} pictures of random invented creatures and things, see scripts/menagerie.py; "
        "no film, no photograph, neither of the demo's characters",
        "task": f"{PARTS} parts and colours in {GRID}x{GRID} cells, {PAIRS} pairs in the whole picture",
        "training": {"side": SIDE, "epochs": EPOCHS, "batch": BATCH, "rate": RATE},
        "seed": seed,
        "command": f"python scripts/train_builtin.py --pictures {pictures} --seed {seed}",
        "versions": {
            name: version(name) for name in ("tensorflow", "tf_keras", "numpy", "opencv-python-headless")
        },
        "metrics": metrics,
    }


def say(line: str) -> None:
    """Progress, for the person who waits."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
