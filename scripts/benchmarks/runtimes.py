"""The runtimes that embeddings are compared with; each runs in a process of its own.

A function of `RUNTIMES` takes a SavedModel folder, a folder for what is converted and the batch, and gives
a callable: pictures (batch, 224, 224, 3) in [0, 1] to features.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SIDE, THREADS = 224, 2
BATCHES = (1, 8, 32)
Look = Callable[[np.ndarray], np.ndarray]


def make_backbone(folder: str) -> None:
    """A MobileNetV2 1.0/224 with random weights, as fast as any, in TF-Hub's form."""
    tf = _tensorflow()
    import tf_keras

    tf_keras.utils.set_random_seed(1)
    network = tf_keras.applications.MobileNetV2(
        (SIDE, SIDE, 3), include_top=False, weights=None, pooling="avg"
    )
    module = tf.train.Checkpoint(network=network)
    module.__call__ = tf.function(
        lambda pictures: network(pictures * 2 - 1, training=False),
        input_signature=[tf.TensorSpec((None, None, None, 3), tf.float32)],
    )
    module.variables = network.variables
    module.trainable_variables = network.trainable_variables
    module.regularization_losses = []
    tf.saved_model.save(module, folder)


def pictures(many: int) -> np.ndarray:
    """Pictures of all kinds of brightness, smoothness and colour, shape (many, 224, 224, 3)."""
    import cv2

    random, made = np.random.default_rng(1), []
    for number in range(many):
        coarse = random.random((4 + 3 * (number % 8), 5 + 3 * (number % 8), 3), dtype=np.float32)
        smooth = cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        made.append(np.clip(smooth * random.uniform(0.4, 1.2) + random.normal(0, 0.03, smooth.shape), 0, 1))
    return np.array(made, dtype=np.float32)


def answering(name: str, folder: str, converted: str, packages: str) -> Callable[[Any], Any]:
    """What `children.Answering` runs: rates of a runtime, or its features.

    The question is ``{"batch": b, "seconds": s}``, answered by images a second, or ``{"features": FILE}``.
    """
    if packages:
        sys.path.append(packages)  # at the end: what .venv has goes first
    built: dict[int, Look] = {}

    def look(batch: int) -> Look:
        if batch not in built:
            built[batch] = RUNTIMES[name](folder, Path(converted), batch)
            built[batch](pictures(batch))
        return built[batch]

    def answer(question: dict[str, Any]) -> Any:
        if "features" in question:
            np.save(question["features"], np.concatenate([look(8)(part) for part in np.split(pictures(32), 4)]))
            return True
        batch, seconds = question["batch"], question["seconds"]
        seen, at, run = 0, pictures(batch), look(batch)
        run(at)
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            run(at)
            seen += batch
        return seen / (time.monotonic() - began)

    return answer


def ours(folder: str, converted: Path, batch: int) -> Look:
    """The product, looking at whole pictures: one pass of the network each."""
    from screentime.model.backbone import open_backbone

    return open_backbone(folder, "whole").embed


def tensorflow(folder: str, converted: Path, batch: int) -> Look:
    tf = _tensorflow()
    network = tf.saved_model.load(folder)
    graph = tf.function(lambda at: network(at), input_signature=[tf.TensorSpec((batch, SIDE, SIDE, 3), tf.float32)])
    return lambda at: graph(tf.constant(at)).numpy()


def litert(folder: str, converted: Path, batch: int) -> Look:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(_converted(folder, converted, "tflite", _to_litert)), num_threads=THREADS)
    at_input = interpreter.get_input_details()[0]["index"]
    at_output = interpreter.get_output_details()[0]["index"]
    interpreter.resize_tensor_input(at_input, (batch, SIDE, SIDE, 3))
    interpreter.allocate_tensors()

    def look(at: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(at_input, at)
        interpreter.invoke()
        return interpreter.get_tensor(at_output)

    return look


def onnx_runtime(folder: str, converted: Path, batch: int) -> Look:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = THREADS, 1
    session = onnxruntime.InferenceSession(
        str(_converted(folder, converted, "onnx", _to_onnx)), options, providers=["CPUExecutionProvider"]
    )
    name = session.get_inputs()[0].name
    return lambda at: session.run(None, {name: at})[0]


def openvino(folder: str, converted: Path, batch: int) -> Look:
    import openvino as vino

    core = vino.Core()
    network = core.read_model(folder)
    network.reshape([batch, SIDE, SIDE, 3])
    # Where a processor has bfloat16 it would use that unasked, and give other features.
    compiled = core.compile_model(network, "CPU", {
        "INFERENCE_NUM_THREADS": THREADS, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32",
    })
    return lambda at: compiled([at])[compiled.outputs[0]]


RUNTIMES: dict[str, Callable[[str, Path, int], Look]] = {
    "ours": ours, "TensorFlow": tensorflow, "LiteRT": litert, "ONNX Runtime": onnx_runtime, "OpenVINO": openvino,
}
# What each needs beside .venv.
NEEDS = {"ONNX Runtime": ("onnxruntime", "onnx", "tf2onnx"), "OpenVINO": ("openvino",)}


def _converted(folder: str, converted: Path, suffix: str, convert: Callable[[Any, Path], None]) -> Path:
    """A SavedModel in another form, made once."""
    weights = sorted(Path(folder).glob("variables/*"))
    total = hashlib.sha256(b"".join(part.read_bytes() for part in [Path(folder) / "saved_model.pb", *weights]))
    there = converted / f"{total.hexdigest()[:16]}.{suffix}"
    if not there.is_file():
        converted.mkdir(parents=True, exist_ok=True)
        tf = _tensorflow()
        network = tf.saved_model.load(folder)
        graph = tf.function(
            lambda at: network(at), input_signature=[tf.TensorSpec((None, SIDE, SIDE, 3), tf.float32, name="pictures")]
        )
        part = there.with_name(f".{os.getpid()}-{there.name}")
        convert(graph, part)
        part.replace(there)
    return there


def _to_litert(graph: Any, file: Path) -> None:
    tf = _tensorflow()
    file.write_bytes(tf.lite.TFLiteConverter.from_concrete_functions([graph.get_concrete_function()]).convert())


def _to_onnx(graph: Any, file: Path) -> None:
    import tf2onnx

    tf2onnx.convert.from_function(graph, input_signature=graph.input_signature, opset=17, output_path=str(file))


def _tensorflow() -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    return tf
