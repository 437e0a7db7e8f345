"""The libraries that run networks: imported when first needed, and without their talk."""

from __future__ import annotations

import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from glob import glob
from typing import Any

_importing = threading.Lock()
_muting = threading.Lock()
_kept: list[int] = []  # the real stderr, once for each that mutes it


def tensorflow() -> Any:
    """TensorFlow, imported when first needed and without its start-up talk."""
    # `warm_up` may be at it.
    with _importing:
        return _tensorflow()


@cache
def _tensorflow() -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    with silenced():
        import tensorflow as tf
        import tf_keras  # noqa: F401

        tf.get_logger().setLevel("ERROR")
        tf.zeros(())
    return tf


def tensorflow_hub() -> Any:
    """TF-Hub, imported without its warnings, which are about its own code."""
    tensorflow()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tensorflow_hub as hub
    return hub


@cache
def warm_up() -> None:
    """Begin to import what a training needs beside what is done meanwhile; to be called where one will come.

    `tensorflow` then waits for what is left of it. What is said on `sys.stderr` meanwhile is heard.
    """
    if "tensorflow" in sys.modules:
        return
    if sys.stderr is sys.__stderr__ and sys.stderr is not None:
        # `silenced` mutes the descriptor for the whole process, so Python's own talk moves to a copy.
        sys.stderr = open(os.dup(2), "w", encoding=sys.stderr.encoding, errors=sys.stderr.errors, buffering=1)

    def work() -> None:
        tensorflow()
        import sklearn.linear_model  # noqa: F401 - what judges the training

    threading.Thread(target=work, daemon=True).start()


@contextmanager
def silenced() -> Iterator[None]:
    """Mute what C++ libraries write to stderr before any setting of theirs counts.

    Several threads may do so at once: the first one mutes, the last one ends it.
    """
    sys.stderr.flush()
    with _muting:
        if not _kept:
            silence = os.open(os.devnull, os.O_WRONLY)
            _kept.append(os.dup(2))
            os.dup2(silence, 2)
            os.close(silence)
        else:
            _kept.append(_kept[0])
    try:
        yield
    finally:
        with _muting:
            stderr = _kept.pop()
            if not _kept:
                os.dup2(stderr, 2)
                os.close(stderr)


def has_gpu() -> bool:
    """Whether TensorFlow sees a GPU; it is imported only where there may be one."""
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1") or not glob("/dev/nvidia[0-9]*"):
        return False
    return bool(tensorflow().config.list_physical_devices("GPU"))
