"""Films a minute where TensorFlow sees an accelerator: the embeddings of their frames, which are all it is used for."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator

from scripts.benchmarks import children
from scripts.benchmarks.lab import Lab
from scripts.benchmarks.measuring import Result, in_turn

ROW = "films a minute on an accelerator"
FRAMES, AT_ONCE, LIMIT = 300, 64, 600
HIDDEN = {"CUDA_VISIBLE_DEVICES": "-1", "HIP_VISIBLE_DEVICES": "-1"}


def measure(lab: Lab, wanted: Collection[str]) -> Iterator[Result]:
    """The row of family ``accelerator``."""
    seen = children.call("accelerator:devices", limit=120)
    if not seen:
        yield Result(ROW, None, note="left out: TensorFlow sees no accelerator on this machine.")
        return
    backbone = str(lab.backbone[0])

    def films_a_minute(env: dict[str, str]) -> float:
        return 60 / children.call("accelerator:embed", backbone, limit=LIMIT, env=env)

    taken = in_turn(
        {"with it": lambda: films_a_minute({}), "without it": lambda: films_a_minute(HIDDEN)}, 2, lab.round("accelerator")
    )
    yield taken.versus(ROW, "with it", "without it", f"{', '.join(seen)}.")


def embed(backbone: str) -> float:
    """Seconds that the embeddings of a film of 300 frames take, tiles of 16:9 pictures; in a child process."""
    import numpy as np

    from screentime.model.backbone import open_backbone

    opened = open_backbone(backbone, "tiles")
    pictures = np.random.default_rng(0).random((AT_ONCE, *opened.view.size(1920, 1080)[::-1], 3), dtype=np.float32)
    opened.embed(pictures)  # what is made ready once is not counted
    begun = time.perf_counter()
    for start in range(0, FRAMES, AT_ONCE):
        opened.embed(pictures[: FRAMES - start])
    return time.perf_counter() - begun


def devices() -> list[str]:
    """Names of the accelerators that TensorFlow sees; in a child process."""
    import tensorflow as tf

    found = [one for one in tf.config.list_physical_devices() if one.device_type != "CPU"]
    return [tf.config.experimental.get_device_details(one).get("device_name", one.name) for one in found]
