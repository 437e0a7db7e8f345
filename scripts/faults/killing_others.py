"""What is killed beside the command itself, who comes second, and disks that take no more."""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from screentime.labelstudio import server
from screentime.workspace import Workspace
from scripts.faults import killing_scenarios as scenes
from scripts.faults.killing_commands import SCENARIOS
from scripts.faults.killing_world import World, project

Found = Iterator[tuple[str, list[str]]]
BY_NAME = {one.name: one for one in SCENARIOS}
SERVER_KILLS, QUICK_SERVER_KILLS = 12, 3


def server_killed(world: World, rng: random.Random, quick: bool) -> Found:
    """Label Studio is killed while a command speaks with it: a sentence, and the same command goes on."""
    for name in ("push", "second-sync"):
        scenario = BY_NAME[name]
        kills = QUICK_SERVER_KILLS if quick else SERVER_KILLS
        with scenario.set_up(world, f"server-{name}") as stage:
            plain = world.runner.run(stage.arguments, environment=stage.environment)
            wanted = stage.state(plain)
            for number in range(kills):
                after = plain.seconds * (number + rng.random()) / kills
                stage.reset()
                before = scenes.answers(stage)
                running = server.status(world.home)
                first = world.runner.run(
                    stage.arguments, after=after, strike=lambda _, pid=running.pid: kill_family(pid),
                    environment=stage.environment,
                )
                problems = []
                lines = first.said.strip().splitlines()
                if first.code not in (0, 1) and not (first.code == 2 and "Label Studio is not running." in lines):
                    problems.append(f"it ended with {first.code}: {lines[-2:]}")
                if "Traceback" in first.said or "in a way that it should not" in first.said:
                    problems.append(f"no sentence: {lines[-3:]}")
                world.client()
                second = world.runner.run(stage.arguments, environment=stage.environment)
                problems += scenes.problems_after_next(stage, second, before, wanted)
                yield f"{name} after {after:.2f} s (exit {first.code})", problems


def second_comes(world: World, rng: random.Random, quick: bool) -> Found:
    """Two commands at once on one workspace: the second says which one is at work, and touches nothing."""
    for one, other in (("sync", "sync"), ("sync", "push"), ("push", "pull"), ("push", "extract"), ("pull", "train")):
        with project(world, "two") as made:
            if one != "push":
                made.do("push")
                made.label(8)
            told: list[Any] = []
            workspace = Workspace(made.folder)

            def strike(pid: int, other: str = other, told: list = told, workspace: Workspace = workspace) -> None:
                while not ((found := workspace.at_work()) and found.pid) and psutil.pid_exists(pid):
                    time.sleep(0.01)
                # Stopped, so that it is at work as long as the second one asks.
                os.kill(pid, signal.SIGSTOP)
                try:
                    told.append((pid, world.second.run([other, "--workspace", workspace.root])))
                finally:
                    os.kill(pid, signal.SIGCONT)

            first = world.runner.run([one, "--workspace", made.folder], after=0.05, strike=strike)
            problems = [] if first.code == 0 else [f"the first ended with {first.code}: {first.said[-300:]}"]
            [(pid, second)] = told
            sentence = rf"`screentime {one}` \(process {pid}, since [-0-9]+ [:0-9]+\) is at work in {re.escape(str(made.folder))}\."
            if second.code != 2 or not re.match(sentence, second.said):
                problems.append(f"the second ended with {second.code}: {second.said}")
        yield f"{other} while {one} is at work", problems


def full_disk(world: World, rng: random.Random, quick: bool) -> Found:
    """Files may grow to so many bytes and no further: a sentence, the old files stand, and later all is well."""
    for name in ("extract-again", "push", "second-sync", "predict", "report"):
        scenario = BY_NAME[name]
        with scenario.set_up(world, f"full-{name}") as stage:
            wanted = stage.state(world.runner.run(stage.arguments, environment=stage.environment))
            for limit in (2_000, 10_000, 50_000):
                stage.reset()
                before = scenes.answers(stage)
                old = {file: file.read_bytes() for folder in stage.folders for file in _files(folder)}
                first = world.runner.run(stage.arguments, environment=stage.environment, limit=limit)
                problems = scenes.problems_after_kill(stage, before)
                if first.code not in (0, 1):
                    problems.append(f"it ended with {first.code}: {first.said.strip()[-300:]}")
                if "Traceback" in first.said or "in a way that it should not" in first.said:
                    problems.append(f"no sentence: {first.said.strip()[-300:]}")
                if first.code:
                    problems += [f"gone: {file}" for file in old if not file.exists()]
                second = world.runner.run(stage.arguments, environment=stage.environment)
                problems += scenes.problems_after_next(stage, second, before, wanted)
                yield f"{name} with at most {limit} bytes a file (exit {first.code})", problems


def kill_family(pid: int) -> None:
    """Kill a process and what it started."""
    process = psutil.Process(pid)
    family = [process, *process.children(recursive=True)]
    for one in family:
        one.kill()
    psutil.wait_procs(family, timeout=10)


def _files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and not file.name.startswith(".")]


OTHERS: dict[str, Callable[[World, random.Random, bool], Found]] = {
    "server-killed": server_killed, "two-at-once": second_comes, "full-disk": full_disk,
}
