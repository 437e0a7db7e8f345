"""The entry of `scripts/misbehave`: every fault at a call of every kind, and what comes of it."""

from __future__ import annotations

import argparse
import math
import os
import signal
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.faults.faulty import FAULTS, Plan
from scripts.faults.stages import Ended, Project, Stage

LEAST = 3
# Faults at a kind of call in each command after the first one that makes it.
FURTHER = 2


@dataclass(frozen=True)
class Case:
    """One fault at one kind of call of one command."""

    stage: Stage
    plan: Plan


@dataclass(frozen=True)
class Found:
    """What came of a case.

    Attributes
    ----------
    case : Case
    first : Ended
        The run with the fault.
    wrong : str
        What should not be; empty where all is well.
    """

    case: Case
    first: Ended
    wrong: str


def cases(stages: Sequence[Stage], faults: Sequence[str] = FAULTS) -> Iterator[Case]:
    """Every fault at every kind of call in the first command that makes it, and some of them in each further command.

    Which ones goes round, so that all of them come in further commands too.

    Parameters
    ----------
    stages : sequence of Stage
    faults : sequence of str, optional

    Yields
    ------
    Case
    """
    met: set[str] = set()
    turn = 0
    for stage in stages:
        for kind in dict.fromkeys(stage.kinds):
            chosen = faults
            if kind in met:
                chosen = [faults[(turn + number) % len(faults)] for number in range(min(FURTHER, len(faults)))]
                turn += FURTHER
            met.add(kind)
            for fault in chosen:
                yield Case(stage, Plan(kind, fault, place=stage.kinds.index(kind)))


def sample(stages: Sequence[Stage], turn: int = 0) -> Iterator[Case]:
    """Every kind of call with one fault or more, and every fault at three kinds or more, in the quickest commands.

    Parameters
    ----------
    stages : sequence of Stage
    turn : int, optional
        Another one pairs them otherwise.

    Yields
    ------
    Case
    """
    quickest = {kind: stage for stage in sorted(stages, key=lambda one: -one.seconds) for kind in stage.kinds}
    kinds = sorted(quickest)
    for number in range(max(len(kinds), LEAST * len(FAULTS))):
        # When all pairs that come by themselves are through, the kinds go on by one.
        kind = kinds[(number + number // math.lcm(len(kinds), len(FAULTS))) % len(kinds)]
        fault = FAULTS[(number + turn) % len(FAULTS)]
        yield Case(quickest[kind], Plan(kind, fault, place=quickest[kind].kinds.index(kind)))


def examine(project: Project, case: Case) -> Found:
    """Run a command with a fault and then without it, and see that nothing is doubled, lost or worse.

    Parameters
    ----------
    project : Project
    case : Case

    Returns
    -------
    Found
    """
    tried = project.again(case.stage, case.plan)
    wrong = ""
    if tried.first.how == "failed":
        wrong = f"ended with {tried.first.said}"
    elif not tried.hits:
        wrong = "the fault never came"
    elif tried.second.how != "done":
        wrong = f"the second run ended with {tried.second.said}"
    elif tried.differences:
        wrong = f"the second run left {'; '.join(tried.differences)}"
    return Found(case, tried.first, wrong)


def main() -> int:
    """Run the sweep; 1 when anything is not as it should be."""
    parser = argparse.ArgumentParser(
        prog="scripts/misbehave",
        description="Put a proxy that fails on demand between screentime and a real Label Studio, and try every fault"
        " at the first call of every kind that push, label, pull, sync, preannotate, review, audit and serve make, and"
        " two faults at it in each further command: each command ends"
        " well or in a sentence, and the next one leaves what an undisturbed one leaves. About 30 minutes on two idle cores;"
        " --quick tries each kind of call once or more and each fault three times or more, in about two.",
    )
    parser.add_argument("--quick", action="store_true", help="each kind of call with some of the faults")
    parser.add_argument("--fault", action="append", choices=FAULTS, help="only this one; may be repeated")
    parser.add_argument("--kind", default="", help="only calls whose kind holds this text, such as 'import'")
    parser.add_argument("--turn", type=int, default=0, help="with --quick: pair kinds and faults otherwise")
    options = parser.parse_args()
    began, found = time.monotonic(), []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server is stopped then too
    with tempfile.TemporaryDirectory(prefix="misbehave-") as scratch:
        project, end = prepared(Path(scratch))
        try:
            stages = list(project.stages())
            every = list(sample(stages, options.turn) if options.quick else cases(stages))
            chosen = [
                case for case in every
                if options.kind in case.plan.kind and case.plan.fault in (options.fault or FAULTS)
            ]
            for number, case in enumerate(chosen, start=1):
                one = examine(project, case)
                found.append(one)
                if one.wrong:
                    print(f"{case.stage.name}: {case.plan.fault} at {case.plan.kind}: {one.wrong}", flush=True)
                if sys.stderr.isatty():
                    print(f"\r{number} of {len(chosen)}", end="", file=sys.stderr, flush=True)
        finally:
            project.close()
            end()
    print(table(found))
    wrong = sum(bool(one.wrong) for one in found)
    kinds = len({one.case.plan.kind for one in found})
    print(f"{len(found)} cases, {kinds} kinds of calls, {wrong} wrong, {time.monotonic() - began:.0f} s.")
    return int(bool(wrong))


def table(found: Sequence[Found]) -> str:
    """How many cases of each kind went through, ended in a sentence, or are wrong."""
    rows: dict[str, Counter] = {}
    for one in found:
        how = "wrong" if one.wrong else one.first.how
        rows.setdefault(one.case.plan.kind, Counter())[how] += 1
    width = max((len(kind) for kind in rows), default=4)
    lines = [f"{'kind of call':{width}}  went through  sentence  wrong"]
    lines += [
        f"{kind:{width}}  {row['done']:12}  {row['sentence']:8}  {row['wrong']:5}" for kind, row in sorted(rows.items())
    ]
    return "\n".join(lines)


def prepared(place: Path) -> tuple[Project, Callable[[], object]]:
    """A server and two films of the sweep's own; and what ends the server."""
    from screentime.demo.cast import CHARACTERS
    from screentime.demo.film import draw_film
    from screentime.labelstudio import server

    home, film, other = place / "home", place / "film.mp4", place / "other.mp4"
    os.environ |= {"SCREENTIME_HOME": str(home), "SCREENTIME_CACHE": str(place / "cache")}
    os.environ.pop("LABEL_STUDIO_URL", None)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server.start(home, port=port, progress=lambda sentence: print(sentence, file=sys.stderr))
    rows = draw_film(film, seconds=40, seed=5, size=(320, 180))
    draw_film(other, seconds=20, seed=6, size=(320, 180))
    truth = [frozenset(name for name, on in zip(CHARACTERS, row) if on) for row in rows]
    return Project(home, place / "work", film, other, truth, "builtin"), lambda: server.stop(home)


if __name__ == "__main__":
    sys.exit(main())
