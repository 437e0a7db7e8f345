"""Films a minute where TensorFlow sees an accelerator."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from scripts.benchmarks import children
from scripts.benchmarks.lab import Lab
from scripts.benchmarks.measuring import Result, in_turn
from scripts.benchmarks.registry import TILES

ROW = "films a minute on an accelerator"
FILMS, LIMIT = 3, 600
HIDDEN = {"CUDA_VISIBLE_DEVICES": "-1", "HIP_VISIBLE_DEVICES": "-1"}


def measure(lab: Lab, wanted: Collection[str]) -> Iterator[Result]:
    """The row of family ``accelerator``."""
    seen = children.call("accelerator:devices", limit=120)
    if not seen:
        yield Result(ROW, None, note="left out: TensorFlow sees no accelerator on this machine.")
        return
    film, model = lab.film("360p"), lab.model(TILES)
    folder = lab.scratch / "films"
    folder.mkdir()
    for number in range(FILMS):
        (folder / f"{number}.mp4").symlink_to(film)

    def films_a_minute(env: dict[str, str]) -> float:
        return FILMS * 60 / children.screentime(
            "predict", str(folder), "--model", str(model), "--json", limit=LIMIT, env=env
        ).seconds

    films_a_minute({})  # what is made ready once is not counted
    taken = in_turn(
        {"with it": lambda: films_a_minute({}), "without it": lambda: films_a_minute(HIDDEN)}, 2, lab.round("accelerator")
    )
    yield taken.versus(ROW, "with it", "without it", f"{', '.join(seen)}.")


def devices() -> list[str]:
    """Names of the accelerators that TensorFlow sees; in a child process."""
    import tensorflow as tf

    found = [one for one in tf.config.list_physical_devices() if one.device_type != "CPU"]
    return [tf.config.experimental.get_device_details(one).get("device_name", one.name) for one in found]
