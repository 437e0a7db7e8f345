"""What the soak says: its rules, the table of checkpoints, the verdicts. Numbers in and text out, no file."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

from screentime.labelstudio.log import KEPT, LONGEST
from screentime.model.manyheads import filled
from screentime.showing import MOST_OLDER
from scripts.soaking.flatness import Rule, judge, line, rates
from scripts.soaking.measuring import MB, Point

Tell = Callable[[str], None]

# What must stay as it is once the first half has warmed it up.
FLAT = (
    Rule("own", "MB", rise=0.03, peak=0.10),
    Rule("rss", "MB", rise=0.03, peak=0.10),
    Rule("files", "", slack=1),
    Rule("sockets", "", slack=1),
    Rule("threads", "", slack=4),
    Rule("server_own", "MB", rise=0.05, peak=0.15, slack=15),
    Rule("server_files", "", slack=2),
    Rule("server_sockets", "", slack=2),
    Rule("server_threads", "", slack=3),
    # Each round learns from a few labels more than the one before.
    Rule("round_seconds", "s", rise=0.25, peak=3.0, slack=1.5),
)
# What steps up, by some 10 MB and two threads, whenever the labels outgrow the size that a model was traced for.
STEPPING = ("own", "rss", "threads")
# What a round adds for good, by design: not more of it than this, MB, and not more each time.
ADDED = (
    Rule("folder", "MB a round", rise=0.25, peak=1.0, slack=0.05),
    Rule("database", "MB a round", rise=0.25, peak=1.0, slack=0.25),
)
# Rounds over which an addition is averaged.
OVER = 10
# So many times the frames may be on the server as pre-annotations: what waits to be cleared away, the version
# on show and the one that is being written.
PILED = MOST_OLDER + 2
CHECKPOINTS = 20


def verdicts(points: Sequence[Point], found: dict[str, Any], options: argparse.Namespace) -> tuple[list[str], bool]:
    """A line a rule, and whether all of them are met.

    Parameters
    ----------
    points : sequence of Point
    found : dict
        What else was seen: ``frames``, ``minutes``, ``broke``, ``labels_there``, ``labels_pulled``, ``astray``, ...
    options : argparse.Namespace
        ``rounds`` and ``minutes`` that were wanted.
    """
    rounds = [one.round for one in points]
    sizes = [filled(one.labels) for one in points]
    told = [
        judge(rule, rounds, [getattr(one, rule.name) for one in points], sizes if rule.name in STEPPING else None)
        for rule in FLAT
    ]
    for rule in ADDED:
        told.append(judge(rule, *rates(rounds, [getattr(one, rule.name) for one in points], OVER)))
    bounds = (
        Rule("predictions", "", most=PILED * found.get("frames", 0)),
        Rule("log", "MB", most=(LONGEST + 2 * KEPT) / MB),
    )
    told += [judge(rule, rounds, [getattr(one, rule.name) for one in points]) for rule in bounds]
    lines = [line(one) for one in told]
    met = all(one.flat for one in told)
    ends = [
        (len(points) == options.rounds, f"rounds: {len(points)} of {options.rounds}"),
        (found["minutes"] <= options.minutes, f"time: {found['minutes']:.1f} min, at most {options.minutes:g}"),
        ("broke" not in found, found.get("broke", "nothing broke")),
    ]
    if "labels_there" in found:
        there, pulled = found["labels_there"], found["labels_pulled"]
        astray = found["astray"]
        wrong = f"; not as the person said: {'; '.join(astray[:5])}" if astray else ", each as the person said"
        ends.append((there == pulled and not astray, f"labels: {there} in Label Studio, {pulled} pulled{wrong}"))
    for good, words in ends:
        lines.append(f"{'met     ' if good else 'NOT MET '}  {words}.")
        met = met and good
    if "status_seconds" in found:
        lines.append(f"status after all rounds: {found['status_seconds']:.1f} s.")
    if "deeds" in found:
        lines.append("The person " + ", ".join(f"{deed} {n}" for deed, n in found["deeds"].items()) + ".")
    return lines, met


def said(point: Point) -> str:
    """A checkpoint as a sentence."""
    return (
        f"Round {point.round}: {point.labels} labels, {point.round_seconds:.1f} s; watching {point.own:.0f} MB,"
        f" {point.files} files, {point.threads} threads; server {point.server_own:.0f} MB; {point.predictions}"
        f" pre-annotations of {point.versions} versions; folder {point.folder:.0f} MB, database {point.database:.0f} MB."
    )


HEADER = (
    "round", "labels", "min", "round s", "label s", "RSS", "own", "files", "sock", "thr", "srv RSS", "srv own",
    "files", "sock", "thr", "pre-ann", "vers", "folder", "database", "log",
)


def table(points: Sequence[Point]) -> str:
    """Aligned text: about `CHECKPOINTS` rows, the first and the last among them. Memory and disk in MB."""
    step = max(len(points) // CHECKPOINTS, 1)
    chosen = [one for i, one in enumerate(points) if i % step == 0 or i == len(points) - 1]
    rows = [
        [
            str(one.round), str(one.labels), f"{one.minutes:.1f}", f"{one.round_seconds:.1f}",
            f"{one.label_seconds:.1f}", f"{one.rss:.0f}", f"{one.own:.0f}", str(one.files), str(one.sockets),
            str(one.threads), f"{one.server_rss:.0f}", f"{one.server_own:.0f}", str(one.server_files),
            str(one.server_sockets), str(one.server_threads), str(one.predictions), str(one.versions),
            f"{one.folder:.1f}", f"{one.database:.1f}", f"{one.log:.1f}",
        ]
        for one in chosen
    ]
    widths = [max(len(row[i]) for row in [list(HEADER), *rows]) for i in range(len(HEADER))]
    return "\n".join(
        "  ".join(cell.rjust(wide) for cell, wide in zip(row, widths)) for row in [list(HEADER), *rows]
    )
