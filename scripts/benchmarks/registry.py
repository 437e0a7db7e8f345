"""The rows of the bench as data: what each measures, what it must reach and what it aims at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit of a figure.

    Attributes
    ----------
    of : {"ratio", "ours"}
        What is limited.
    sign : {"<=", "<", ">=", ">"}
    value : float
    """

    of: Literal["ratio", "ours"]
    sign: Literal["<=", "<", ">=", ">"]
    value: float

    def met(self, ours: float, ratio: float | None) -> bool:
        """Whether a measured row keeps to it; a row without a ratio cannot keep to a limit of it."""
        value = ratio if self.of == "ratio" else ours
        if value is None:
            return False
        return {
            "<=": value <= self.value, "<": value < self.value,
            ">=": value >= self.value, ">": value > self.value,
        }[self.sign]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    name, family, unit : str
        The unit is that of ours and of the anchor.
    against : str
        The anchor, and what counts on both sides.
    must, aim : Bound or None
    quick : bool
        Whether `--quick` measures it.
    """

    name: str
    family: str
    unit: str
    against: str
    must: Bound | None = None
    aim: Bound | None = None
    quick: bool = True


def ratio(sign: str, value: float) -> Bound:
    return Bound("ratio", sign, value)


def ours(sign: str, value: float) -> Bound:
    return Bound("ours", sign, value)


SIZES = ("360p", "1080p")
BUILTIN, WHOLE, TILES = "builtin tiles", "224 px whole", "224 px tiles"
LOOKS = (BUILTIN, WHOLE, TILES)
CLUSTER_TWO, CLUSTER_ONE = "cluster, two workers, 360p", "cluster, one worker, 1080p"
# Seconds that `predict` may take, in those that decoding alone takes.
PREDICT_MUST = {"360p": 1.25, "1080p": 1.10}

DECODE_ALONE = "`ffmpeg -threads 2 -i F -an -f null -`"
PROCESSES = "whole processes, their start included"
INSIDE = "from opening the film to the last picture; the start of a process counts on neither side"

GROWTH = {
    "predict": "nothing; a process, 360p",
    "push": "nothing; a process, server warm, a new project whose embeddings are computed",
    "sync": "nothing; from the start of a process to readable pre-annotations, server warm, 60 labels",
}

ROWS: tuple[Row, ...] = (
    *(
        row for size in SIZES for row in (
            Row(f"decode {size}", "decode", "s", f"{DECODE_ALONE}; {INSIDE}", ratio("<=", 1.10), ratio("<", 1.0)),
            Row(
                f"decode {size}, by ffmpeg", "decode", "s",
                f"`ffmpeg -threads 2 -vf fps=1,scale` piped and read; {INSIDE}", ratio("<", 1.0),
            ),
            Row(f"decode {size}, by OpenCV", "decode", "s", f"OpenCV read() of every frame; {INSIDE}", ratio("<=", 0.5)),
            Row(
                f"extract {size}", "decode", "s", f"{DECODE_ALONE}; JPEG files and digest included",
                ratio("<=", 1.25), ratio("<=", 1.15),
            ),
        )
    ),
    Row(
        "embeddings, 224 px", "embed", "images/s",
        "the fastest of TensorFlow, LiteRT, ONNX Runtime and OpenVINO on the same weights, two threads, each at its"
        " best batch of 1, 8 and 32; one network pass a picture, warm",
        ratio(">=", 0.9), ratio(">=", 1.0),
    ),
    Row(
        "embeddings, smallest cosine", "embed", "cosine", "the float TensorFlow model's features of 32 pictures",
        ours(">=", 0.9999),
    ),
    *(
        Row(
            f"predict {size}, {look}", "predict", "s", f"{DECODE_ALONE}; {PROCESSES}",
            ratio("<=", PREDICT_MUST[size]), ratio("<", 1.0), quick=look == BUILTIN,
        )
        for size in SIZES for look in LOOKS
    ),
    *(
        Row(
            f"predict 360p, {look}, peak memory", "predict", "MB", "the process and its children; a run of its own",
            ours("<=", 450), quick=look == BUILTIN,
        )
        for look in LOOKS
    ),
    Row(
        "predict, peak memory over a film 10x as long", "predict", "MB", "the shorter film, same model",
        ratio("<=", 1.1), quick=False,
    ),
    Row(
        "predict imports TensorFlow", "predict", "(1 = yes)", "asked of the process at its end", ours("<=", 0),
    ),
    Row(
        "sync, process warm, 298 frames", "sync", "s",
        "the round of `screentime train --recipe finetune`, 20 epochs, on the same labels; ours from the 60th label sent"
        " to all pre-annotations of the new version readable (and so the next labels; median)",
        ours("<=", 3), ratio("<=", 0.01), quick=False,
    ),
    Row(
        "sync, process cold, 298 frames", "sync", "s",
        "the same; ours from the start of `screentime sync`, server warm", ours("<=", 12), quick=False,
    ),
    Row(
        "sync, process warm, 10,000 frames", "sync", "s", "nothing; as above", ours("<=", 60), ours("<=", 30),
        quick=False,
    ),
    Row(
        "push of 3,000 frames", "push", "s",
        "one request a frame (60 measured, scaled); `screentime push` as a process, embeddings on disk",
        ours("<=", 6),
    ),
    Row("push again", "push", "s", "one request a frame (60 measured, scaled)", ours("<=", 3)),
    Row("push again, tasks made", "push", "tasks", "nothing", ours("<=", 0)),
    Row(
        "pull of 3,000 labels", "push", "s", "one request a frame (60 measured, scaled); `screentime pull` as a process",
        ours("<=", 6),
    ),
    Row("--help", "start", "s", f"`python -c pass`; {PROCESSES}", ours("<=", 0.3), ours("<=", 0.15)),
    Row(
        "status", "start", "s", f"`python -c pass`; a project with a model, no server; {PROCESSES}", ours("<=", 1),
    ),
    *(
        Row(f"choose 60 of 20,000 frames, {d:,} numbers each", "choose", "s", "nothing; warm", ours("<=", 2))
        for d in (2560, 1280)
    ),
    Row("totals of 20,000 frames", "choose", "s", "nothing; with intervals and appearances, warm", ours("<=", 2)),
    *(
        Row(f"{what}, growth from 2,000 frames", "choose", "exponent", "1 is linear", ours("<=", 1.3))
        for what in ("choose 2,560", "choose 1,280", "totals")
    ),
    Row(
        "films a minute on an accelerator", "accelerator", "films/min",
        "the same with the accelerator hidden; embeddings of 300 frames, 224 px tiles; `predict` uses none",
    ),
    Row(
        CLUSTER_TWO, "cluster", "h of film/h", "one worker; each on a core of its own, builtin tiles, what starts them not"
        " counted", ratio(">=", 1.8),
    ),
    Row(CLUSTER_ONE, "cluster", "h of film/h", "nothing; on one core, builtin tiles", quick=False),
    *(
        Row(f"{command}, {size} frames, {what}", "growth", unit, GROWTH[command], quick=False)
        for command in ("predict", "push", "sync")
        for size in (("30", "300", "3,000") if command == "predict" else ("100", "1,000", "10,000"))
        for what, unit in (("time", "s"), ("peak memory", "MB"))
    ),
)
BY_NAME = {row.name: row for row in ROWS}
# In the order in which they are measured: what is soon done comes before what may meet the end of `--quick`.
FAMILIES = ("decode", "start", "choose", "predict", "embed", "accelerator", "cluster", "push", "sync", "growth")
# Those whose films ffmpeg makes or decodes.
FILMED = ("decode", "predict", "cluster", "growth")
# About how many seconds a family takes on two cores, `--quick` and in full: only for telling what is left.
ABOUT = {
    "decode": (45, 300), "start": (25, 30), "choose": (10, 40), "predict": (25, 420), "embed": (35, 90),
    "accelerator": (6, 10), "cluster": (60, 240), "push": (35, 120), "sync": (0, 500), "growth": (0, 500),
}


def chosen(names: list[str], quick: bool, growth: bool) -> list[Row]:
    """Rows that a call asks for.

    Parameters
    ----------
    names : list of str
        Families, or parts of rows' names; empty for all.
    quick, growth : bool

    Returns
    -------
    list of Row
        In the order of `ROWS`.

    Raises
    ------
    ValueError
        If a name fits no row; the text says which.
    """
    def fits(row: Row, name: str) -> bool:
        return row.family == name if name in FAMILIES else name in row.name

    for name in names:
        if not any(fits(row, name) for row in ROWS):
            raise ValueError(f"No row and no family is called {name!r}; `scripts/bench --list` lists them.")
    asked = [row for row in ROWS if not names or any(fits(row, name) for name in names)]
    return [row for row in asked if (growth or row.family != "growth" or names) and (row.quick or not quick)]
