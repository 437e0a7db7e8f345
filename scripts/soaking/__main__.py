"""The entry of `scripts/soak`: parse, label round after round, measure, judge, tell."""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from screentime.errors import ScreentimeError
from screentime.files import write_atomically
from scripts.soaking import stage, telling
from scripts.soaking.annotating import Person
from scripts.soaking.measuring import Point, database, load, log, on_disk, timed

# Labels after which a round is run. Few, so that hundreds of rounds are a label or two each and what a round
# takes does not grow for the labels' sake alone.
EVERY = 1
FIRST = 60
# A round that takes longer than this has got stuck.
ROUND_SECONDS = 900
LOOK_SECONDS = 0.1
# What is left of the bound for ending things and telling.
REST_SECONDS = 60


class Stuck(Exception):
    """The watching ended or no longer comes to a new version; says how."""


def main() -> int:
    """Soak; 1 when something is not flat, broke, or took too long."""
    options = _filled(_parser().parse_args())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # A shell lets what it starts in the background ignore Ctrl+C, and what that starts in turn.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    began = time.monotonic()

    def tell(sentence: str) -> None:
        print(f"[{(time.monotonic() - began) / 60:5.1f} min] {sentence}", file=sys.stderr, flush=True)

    found: dict[str, Any] = {"seconds_of_film": options.seconds_of_film, "fps": options.fps, "wanted": options.rounds, "points": []}
    points: list[Point] = []
    try:
        soak(options, began, tell, points, found)
    except (Stuck, ScreentimeError) as error:
        found["broke"] = str(error)
        tell(f"The soak broke: {error}")
    found["minutes"] = round((time.monotonic() - began) / 60, 2)
    lines, met = telling.verdicts(points, found, options)
    print(telling.table(points))
    print("\n".join(lines))
    _write(options.out, found, points, lines)
    return 0 if met else 1


def soak(
    options: argparse.Namespace, began: float, tell: telling.Tell, points: list[Point], found: dict[str, Any]
) -> None:
    """Label round after round beside one process that watches; `points` and `found` are filled on the way.

    Raises
    ------
    Stuck
        If the watching ended, or no new version came in time.
    ScreentimeError
        If something of the project fails.
    """
    from screentime.demo.annotator import truth_of
    from screentime.demo.cast import CHARACTERS
    from screentime.projects import begin, extract_films
    from screentime.rounds import Loop
    from screentime.talk import Talk

    until = began + 60 * options.minutes - REST_SECONDS
    path, truth = stage.film(options.cache / "films", options.seconds_of_film, tell)
    with stage.home(options.cache, tell) as (scratch, own):
        tell("Starting Label Studio.")
        running = stage.serve(own)
        # No accuracy reaches this target while some labels are wrong, so the watching goes on and on.
        workspace = begin(
            scratch / "soak", [path], CHARACTERS, title="Soak", backbone="builtin", target=1.0, every=EVERY,
            first_batch=FIRST, fps=options.fps,
        )
        _, frames = extract_films(workspace, workspace.config(), Talk())
        known = truth_of(frames, truth, path)
        loop = Loop(workspace, workspace.config(), Talk())
        with workspace.locked("push"):
            loop.push()
        tell(f"{len(frames)} frames are pushed; {options.rounds} rounds follow, until minute {options.minutes:g}.")
        found["frames"] = len(frames)
        person = Person(loop.link.client, loop.project(), loop.schema, workspace, known, random.Random(stage.SEED))
        said = scratch / "watching.log"
        with stage.Watching(workspace, said) as watching:
            enough = max(loop.config.loop.first_batch // 2, 8)
            for number in range(1, options.rounds + 1):
                if time.monotonic() > until:
                    tell("The time is over.")
                    break
                enough = max(enough, _learned(workspace) + EVERY if points else enough)
                person.slowest, before = 0.0, _newest(workspace)
                person.work(number, enough)
                asked = time.monotonic()
                person.hurry(number)
                if not _came(watching, workspace, person, before, asked, until):
                    tell("The time is over.")
                    break
                took = time.monotonic() - asked
                points.append(_look(number, took, began, person, watching, running.pid, workspace, own, loop))
                if len(points) % options.checkpoint == 0 or number == 1:
                    tell(telling.said(points[-1]))
                    _write(options.out, found, points, [])
            found["deeds"] = dict(person.deeds)
            found["labels_there"] = person.labels()
        labels, found["status_seconds"] = _afterwards(workspace, loop)
        found["labels_pulled"], found["astray"] = len(labels), person.astray(labels)
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            write_atomically(options.keep / "watching.log", said.read_bytes())


def _came(
    watching: stage.Watching, workspace: Any, person: Person, before: str, asked: float, until: float
) -> bool:
    """Wait for the page to show a newer version than before; whether it did in time."""
    while _newest(workspace) == before or workspace.progress().shown != _newest(workspace):
        words = watching.ended()
        if words:
            raise Stuck(f"The watching went away: {words}.")
        if time.monotonic() > until:
            return False
        if time.monotonic() - asked > ROUND_SECONDS:
            raise Stuck(
                f"No new version within {ROUND_SECONDS} s at {person.labels()} labels; the watching said last:"
                f" {watching.last_words()}."
            )
        time.sleep(LOOK_SECONDS)
    return True


def _look(
    number: int, took: float, began: float, person: Person, watching: stage.Watching, pid: int, workspace: Any,
    own: Path, loop: Any,
) -> Point:
    from screentime.labelstudio.predictions import prediction_versions

    ours, theirs = load(watching.pid), load(pid)
    versions = prediction_versions(loop.link.client, loop.known_project())
    return Point(
        round=number, labels=person.labels(), minutes=round((time.monotonic() - began) / 60, 3),
        round_seconds=round(took, 3), label_seconds=round(person.slowest, 3),
        rss=ours.rss, own=ours.own, files=ours.files, sockets=ours.sockets, threads=ours.threads,
        server_rss=theirs.rss, server_own=theirs.own, server_files=theirs.files, server_sockets=theirs.sockets,
        server_threads=theirs.threads, predictions=sum(versions.values()), versions=len(versions),
        folder=on_disk(workspace.root), database=database(own), log=log(own),
    )


def _afterwards(workspace: Any, loop: Any) -> tuple[list[Any], float]:
    """Labels that one more pull finds, and the seconds that telling the status takes after so many rounds."""
    from screentime.summary import summary

    with workspace.locked("soak"):
        pulled = loop.pull()
    return pulled, timed(summary, workspace)[1]


def _newest(workspace: Any) -> str:
    """Name of the latest version: by the time of its folder, so that it does not matter how they are numbered."""
    folders = [entry for entry in workspace.models_folder.glob("v*") if entry.is_dir()]
    return max(folders, key=lambda one: one.stat().st_mtime_ns).name if folders else ""


def _learned(workspace: Any) -> int:
    card = json.loads((workspace.models_folder / _newest(workspace) / "card.json").read_text("utf-8"))
    return card["round"]["labels"]


def _write(out: Path | None, found: dict[str, Any], points: Sequence[Point], lines: Sequence[str]) -> None:
    if out is not None:
        whole = {**found, "verdicts": list(lines), "points": [asdict(one) for one in points]}
        write_atomically(out, json.dumps(whole, indent=1) + "\n")


def _parser() -> argparse.ArgumentParser:
    from platformdirs import user_cache_path

    parser = argparse.ArgumentParser(
        prog="scripts/soak",
        description="Draws a film of an hour, pushes it to a Label Studio of its own and lets a scripted person label"
        " it for hundreds of rounds beside one `screentime sync --watch`. Measures memory, open files, times, the"
        " workspace and the server after each round, prints a table of checkpoints and whether each of them stays"
        " flat; 1 when one does not, or when the rounds were not done in time.",
    )
    parser.add_argument("--seconds-of-film", type=int, metavar="N", help="length of the film; 3600")
    parser.add_argument("--fps", type=float, metavar="N", help="frames taken of a second; 0.125")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds to run; 250")
    parser.add_argument("--minutes", type=float, metavar="N", help="end after so many minutes, all told; 75")
    parser.add_argument("--quick", action="store_true", help="240 s of film, a frame a second, 24 rounds, 4 minutes")
    parser.add_argument("--checkpoint", type=int, default=10, metavar="N", help="tell every N rounds; 10")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write all measurements as JSON")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="put the log of the watching there")
    parser.add_argument(
        "--cache", type=Path, default=user_cache_path("screentime") / "soak", metavar="FOLDER",
        help="where the film and an empty server's database are kept between runs",
    )
    return parser


def _filled(options: argparse.Namespace) -> argparse.Namespace:
    """What depends on --quick, where it was not given.

    With a frame each eight seconds 250 rounds take most of an hour on two cores: most of that is clearing older
    pre-annotations away, one by one, which takes as long a round as there are frames without a label.
    """
    usual = (240, 1.0, 24, 4.0) if options.quick else (3600, 0.125, 250, 75.0)
    for name, value in zip(("seconds_of_film", "fps", "rounds", "minutes"), usual):
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


if __name__ == "__main__":
    sys.exit(main())
