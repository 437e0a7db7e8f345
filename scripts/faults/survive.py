"""The entry of `scripts/survive`: kill, run again, compare, tell."""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from screentime.files import write_atomically
from screentime.labelstudio import server
from scripts.faults import killing_scenarios as scenes
from scripts.faults.killing_commands import SCENARIOS
from scripts.faults.killing_others import OTHERS
from scripts.faults.killing_runs import Ended
from scripts.faults.killing_scenarios import Scenario, Stage
from scripts.faults.killing_world import World, free_port, make_world

MOMENTS, QUICK_MOMENTS = 60, 8
# A quick sweep takes so many of the writes of each command, drawn at random.
QUICK_WRITES = 6
# A service is at work, and then waits, for so many times as long as the command takes that does the same.
SERVICE_RUNS = 3
# After every so manieth kill somebody labels one more frame before the command is run again.
MEANWHILE = 4


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill and what came of it.

    Attributes
    ----------
    scenario, kind, moment : str
        What was killed, ``write`` or ``moment``, and where.
    killed : bool
        Whether it was still running.
    problems : tuple of str
    """

    scenario: str
    kind: str
    moment: str
    killed: bool
    problems: tuple[str, ...]


def main() -> int:
    """Run the harness; 1 when something was lost, doubled, half or another."""
    options = _parser().parse_args()
    names = [one.name for one in SCENARIOS] + list(OTHERS)
    if unknown := set(options.only or ()) - set(names):
        print(f"There is no scenario {', '.join(sorted(unknown))}. There are: {', '.join(names)}.", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = options.only or names
    scratch = Path(tempfile.mkdtemp(prefix="survive-"))
    home = scratch / "home"
    kills: list[Kill] = []
    try:
        print("Preparing a Label Studio and a project.", file=sys.stderr)
        if options.home:
            shutil.copytree(
                options.home / "labelstudio", home / "labelstudio", ignore=shutil.ignore_patterns("lock*", "server.json")
            )
        else:
            server.prepare(home)
        world = make_world(scratch, home, free_port(), fork=True)
        rng = random.Random(options.seed)
        shares = sum(one.share for one in SCENARIOS)
        total = options.moments if options.moments is not None else QUICK_MOMENTS if options.quick else MOMENTS
        writes = options.writes if options.writes is not None else QUICK_WRITES if options.quick else None
        for scenario in SCENARIOS:
            if scenario.name in chosen:
                moments = math.ceil(total * scenario.share / shares)
                for kill in killed_anywhere(world, scenario, moments, rng, writes):
                    _tell(kill)
                    kills.append(kill)
        for name, others in OTHERS.items():
            if name in chosen:
                for moment, problems in others(world, rng, options.quick):
                    kill = Kill(name, "fault", moment, True, tuple(problems))
                    _tell(kill)
                    kills.append(kill)
    finally:
        server.stop(home)
        shutil.rmtree(scratch, ignore_errors=True)
    print(table(kills))
    if options.out:
        write_atomically(options.out, json.dumps([asdict(one) for one in kills], indent=1) + "\n")
    return int(any(one.problems for one in kills))


def killed_anywhere(
    world: World, scenario: Scenario, moments: int, rng: random.Random, writes: int | None = None
) -> Iterator[Kill]:
    """Kill a scenario's command at random moments and at its writes.

    Parameters
    ----------
    world : World
    scenario : Scenario
    moments : int
        How many random moments, spread over the undisturbed run's length.
    rng : random.Random
    writes : int, optional
        Only so many of the writes, spread over the run.

    Yields
    ------
    Kill
    """
    with scenario.set_up(world, scenario.name) as stage:
        plain = world.runner.run(stage.arguments, environment=stage.environment)
        wanted = stage.state(plain) if plain.code == 0 else None
        yield Kill(scenario.name, "none", "undisturbed", False, tuple(_failed(plain)))
        if plain.code:
            return
        stage.reset()
        # Counted once caches are warm, as they are for what is killed.
        long = SERVICE_RUNS * plain.seconds if stage.service else None
        again = world.runner.run(stage.service or stage.arguments, count=True, after=long, environment=stage.environment)
        following = world.runner.run(stage.arguments, environment=stage.environment) if stage.service else again
        problems = scenes.problems_after_next(stage, following, {}, wanted)
        yield Kill(scenario.name, "none", "undisturbed once more", False, tuple(problems))
        for number in range(moments):
            # One in each part of the run, so that none is left out.
            after = again.seconds * (number + rng.random()) / moments
            yield _guarded(scenario, "moment", f"{after:.2f} s", lambda after=after, number=number: _kill(
                world, stage, wanted, number % MEANWHILE == 1, after=after
            ))
        every = [n for n, point in enumerate(again.points, start=1) if re.search(scenario.swept, point)]
        if writes is not None and len(every) > writes:
            every = sorted(rng.sample(every, writes))
        for number in every:
            yield _guarded(scenario, "write", f"{number} {again.points[number - 1]}", lambda number=number: _kill(
                world, stage, wanted, number % MEANWHILE == 0, at=number, after=long
            ))


def _kill(world: World, stage: Stage, wanted: Any, meanwhile: bool, **how: Any) -> tuple[bool, list[str]]:
    stage.reset()
    before = scenes.answers(stage)
    first = world.runner.run(stage.service or stage.arguments, environment=stage.environment, **how)
    if not first.killed and first.code:
        return False, _failed(first)
    problems = scenes.problems_after_kill(stage, before)
    if meanwhile and stage.project is not None and stage.project.label(1):
        # With one label more the result may be another; all else still holds.
        before, wanted = scenes.answers(stage), None
    second = world.runner.run(stage.arguments, environment=stage.environment)
    problems += scenes.problems_after_next(stage, second, before, wanted)
    return first.killed, problems


def _guarded(
    scenario: Scenario, kind: str, moment: str, kill: Callable[[], tuple[bool, list[str]]]
) -> Kill:
    """A kill whose harness failing is one more problem, and not the end of the others."""
    try:
        killed, problems = kill()
    except Exception as error:
        if not isinstance(error, RuntimeError | TimeoutError):
            traceback.print_exc()
        killed, problems = True, [f"{type(error).__name__}: {error}"]
    return Kill(scenario.name, kind, moment, killed, tuple(problems))


def table(kills: Sequence[Kill]) -> str:
    """A row a scenario: how many kills at moments and at writes, how many found it running, how many broke something."""
    lines = [f"{'scenario':16}{'moments':>9}{'writes':>9}{'others':>9}{'running':>9}{'broken':>9}"]
    for name in dict.fromkeys(one.scenario for one in kills):
        mine = [one for one in kills if one.scenario == name]
        kinds = [sum(one.kind == kind for one in mine) for kind in ("moment", "write", "fault")]
        running, broken = sum(one.killed for one in mine), sum(bool(one.problems) for one in mine)
        lines.append(f"{name:16}" + "".join(f"{number:9}" for number in (*kinds, running, broken)))
    return "\n".join(lines)


def _failed(ended: Ended) -> list[str]:
    return [f"it ended with {ended.code}: {ended.said.strip()[-300:]}"] if ended.code else []


def _tell(kill: Kill) -> None:
    word = "BROKEN" if kill.problems else "ok"
    print(f"{time.strftime('%H:%M:%S')} {word:7}{kill.scenario} {kill.kind} {kill.moment}", flush=True)
    for problem in kill.problems:
        print(f"        {problem}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/survive", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few moments and a few writes of each scenario")
    parser.add_argument("--moments", type=int, metavar="N", help=f"random moments over all commands ({MOMENTS})")
    parser.add_argument("--writes", type=int, metavar="N", help="at most so many writes of each command (all)")
    parser.add_argument("--only", action="append", metavar="NAME", help="only this scenario; may be repeated")
    parser.add_argument("--seed", type=int, default=1, help="of the random moments (1)")
    parser.add_argument("--out", type=Path, metavar="JSON", help="write every kill and what came of it to this file")
    parser.add_argument(
        "--home", type=Path, metavar="DIR",
        help="a prepared SCREENTIME_HOME without a running server, to be copied; saves building a database",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
