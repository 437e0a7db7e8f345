"""The head as arrays: computed, written, read, refused."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest

from screentime.model.head import Head, activate, read_head

RANDOM = np.random.default_rng(0)
HEAD = Head(
    RANDOM.normal(size=6).astype(np.float32), 0.5, RANDOM.normal(size=(6, 3)).astype(np.float32),
    RANDOM.normal(size=3).astype(np.float32), "softmax",
)


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_probabilities_are_those_of_standardised_embeddings(activation):
    embeddings = RANDOM.normal(size=(5, 6)).astype(np.float32)
    logits = (embeddings.astype(float) - HEAD.mean) / 0.5 @ HEAD.kernel + HEAD.bias
    if activation == "softmax":
        expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    else:
        expected = 1 / (1 + np.exp(-logits))
    given = replace(HEAD, activation=activation)(embeddings)
    assert given.dtype == np.float32 and given == pytest.approx(expected, abs=1e-6)


def test_large_logits_are_no_fault():
    with np.errstate(over="raise", invalid="raise"):
        assert activate(np.array([-800.0, 800.0]), "sigmoid").tolist() == [0.0, 1.0]
        logits = np.array([[-700.0, 700.0], [900.0, 900.0]])
        assert activate(logits, "softmax").round(6).tolist() == [[0, 1], [0.5, 0.5]]


def test_what_is_written_is_read(tmp_path):
    HEAD.write(tmp_path)
    read = read_head(tmp_path)
    embeddings = RANDOM.normal(size=(5, 6)).astype(np.float32)
    assert (read(embeddings) == HEAD(embeddings)).all()
    assert (read.scale, read.activation) == (0.5, "softmax")


def archive(**changes):
    arrays = {
        "mean": HEAD.mean, "scale": np.float64(0.5), "kernel": HEAD.kernel, "bias": HEAD.bias,
        "activation": np.array("softmax"),
    }
    arrays.update(changes)
    file = io.BytesIO()
    np.savez(file, **{name: array for name, array in arrays.items() if array is not None})
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is no archive"),
        (archive()[:200], "it is no archive"),
        (archive(kernel=None), "kernel is not a file in the archive"),
        (archive(mean=np.array([{}] * 6)), "Object arrays cannot be loaded"),
        (archive(mean=HEAD.mean[:, None]), "head.npz holds no mean"),
        (archive(bias=HEAD.bias * np.nan), "head.npz holds no bias"),
        (archive(kernel=np.ones((6, 3), int)), "head.npz holds no kernel"),
        (archive(activation=np.array("relu")), "head.npz holds no activation"),
        (archive(kernel=HEAD.kernel[1:]), "the arrays in head.npz do not fit one another"),
        (archive(bias=HEAD.bias[1:]), "the arrays in head.npz do not fit one another"),
        (archive(scale=np.float64(0)), "the arrays in head.npz do not fit one another"),
    ],
)
def test_what_is_no_head_is_refused(tmp_path, content, reason):
    (tmp_path / "head.npz").write_bytes(content)
    with pytest.raises(Exception, match=reason):
        read_head(tmp_path)
