"""The whole job unattended: film to frames to labels to model to seconds, with a scripted annotator."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from screentime.batches import next_look, waiting
from screentime.config import LabelStudio
from screentime.config import Loop as LoopOptions
from screentime.demo.annotator import Annotator, Truth, read_truth, truth_of
from screentime.demo.outcome import outcome
from screentime.errors import ScreentimeError, UserMistake
from screentime.files import UNFINISHED, write_atomically
from screentime.kept import Damaged, read_json
from screentime.labelstudio import server
from screentime.labelstudio.link import URL_VARIABLE
from screentime.locks import held
from screentime.projects import begin, extract_films, screen_films
from screentime.rounds import Loop
from screentime.schema import Mode
from screentime.talk import Talk
from screentime.workspace import Workspace

FOLDER = Path("screentime-demo")
NOTE, LOCK = "demo.json", ".demo.lock"
# The drawn film to learn from and the one that the model never sees.
SEED, SECONDS = 1, 180
OTHER_SEED, OTHER_SECONDS = 2, 90


@dataclass(frozen=True)
class Job:
    """What a demo works on.

    Attributes
    ----------
    film, labels : Path or None
        None: films are drawn.
    mode : {"exclusive", "multi"}
    characters : tuple of str
    truth : list of frozenset of str or None
        None: known once the film is drawn.
    budget : int or None
    options : dict
        Options of the project by name.
    """

    film: Path | None
    labels: Path | None
    mode: Mode
    characters: tuple[str, ...]
    truth: Truth | None
    budget: int | None
    options: dict[str, Any]

    @property
    def name(self) -> str:
        """Name of its folder."""
        stem = re.sub(r"[^a-z0-9]+", "-", self.film.stem.lower()).strip("-") if self.film else "drawn"
        return "-".join(filter(None, [stem or "film", self.mode, str(self.budget or "")]))

    @property
    def inputs(self) -> dict[str, Any]:
        """All that decides its result, for telling whether an interrupted demo is this one."""
        paths = {
            name: str(path.resolve()) for name, path in (("film", self.film), ("labels", self.labels)) if path
        }
        return {**paths, "mode": self.mode, "budget": self.budget, **self.options}


def run_demo(
    film: Path | None,
    labels: Path | None,
    out: Path | None,
    folder: Path | None,
    budget: int | None,
    talk: Talk,
    **options: Any,
) -> tuple[dict[str, Any], Workspace]:
    """Run the loop on a labelled film, or on a drawn one.

    An interrupted demo with the same inputs is gone on with; a finished one is left as it is and a
    new folder is begun.

    Parameters
    ----------
    film, labels : Path or None
        A film and the CSV of its labels, see `screentime.demo.annotator.read_truth`; None draws.
    out : Path or None
        File for the result.
    folder : Path or None
        The project's folder; None numbers one below ``screentime-demo``.
    budget : int or None
        Give exactly so many labels; None stops at the target.
    talk : Talk
    **options
        Options of the project by name; None means the default.

    Returns
    -------
    dict
        The result, see `screentime.demo.outcome.outcome`.
    Workspace
        The project.

    Raises
    ------
    ScreentimeError
        With the sentence for the person.
    """
    began = time.monotonic()
    port = options.pop("port", None)
    if budget is not None:
        options["first_batch"] = min(options.get("first_batch") or LoopOptions().first_batch, budget)
    job = _job(film, labels, budget, options)
    if out is not None and not out.resolve().parent.is_dir():
        raise UserMistake(f"{out} cannot be written: its folder is missing.", "Make that folder first.")
    # The server first: a busy port is to be told before any work is done.
    if not os.environ.get(URL_VARIABLE):
        server.start(server.home(), port=port or LabelStudio().port, progress=talk.say)
    place = folder or _folder(FOLDER, job)
    if not _is_blank(place) and not (place / NOTE).is_file():
        raise UserMistake(f"{place} is not empty and holds no demo.", "Name another folder with --workspace.")
    place.mkdir(parents=True, exist_ok=True)
    with held(place / LOCK, "demo", f"in {place}"):
        return _run(job, place, out, began, talk)


def _run(job: Job, place: Path, out: Path | None, began: float, talk: Talk) -> tuple[dict[str, Any], Workspace]:
    note = _note(place, job)
    if note.get("finished"):
        talk.say(
            f"The demo in {place} is finished; this is its result. For a new run name another --workspace."
        )
        _write(out, note["result"])
        return note["result"], Workspace(place)
    film, truth, other = _films(job, place, talk)
    workspace = begin(place, [film], job.characters, mode=job.mode, title=f"Demo: {film.stem}", **job.options)
    _, frames = extract_films(workspace, workspace.config(), talk)
    known = truth_of(frames, truth, job.labels or film)
    if job.budget is not None and job.budget > len(frames):
        raise UserMistake(
            f"The film has {len(frames)} frames, so {job.budget} labels cannot be given.",
            f"Use --budget {len(frames)} or less.",
        )
    loop = Loop(workspace, workspace.config(), talk, most=job.budget)
    _go_round(loop, known, job.budget)
    result = outcome(workspace, known, time.monotonic() - began)
    if other is not None:
        times, _ = screen_films(
            [other[0]], workspace.models_folder / result["rounds"][-1]["version"], place, talk
        )
        result["other_film"] = {
            name: {
                "seconds": round(times[0].estimates[name].seconds, 3),
                "true_seconds": float(sum(name in said for said in other[1])),
            }
            for name in job.characters
        }
        result["seconds"] = round(time.monotonic() - began, 3)
    write_atomically(
        place / NOTE, json.dumps({"inputs": job.inputs, "finished": True, "result": result}) + "\n"
    )
    _write(out, result)
    return result, workspace


def _go_round(loop: Loop, truth: Mapping[str, frozenset[str]], budget: int | None) -> None:
    """Label what is asked for and sync, round after round."""
    with loop.workspace.locked("demo"):
        loop.push()
        annotator = Annotator(loop.link.client, loop.project(), loop.schema, truth)
        while True:
            labels = loop.pull()
            rounds = loop.workspace.rounds()
            # Killed before it was shown, a round is finished first: it says which frames come next.
            unfinished = bool(rounds) and loop.workspace.progress().shown != rounds[-1].version
            if rounds and not unfinished:
                done = len(labels) >= budget if budget else rounds[-1].target_reached
                if len(labels) == rounds[-1].labels and (done or not waiting(loop.workspace)):
                    return
            look = next_look(rounds[-1].labels if rounds else 0, loop.config.loop)
            most = min(look, budget or look)
            if len(labels) < most and not unfinished:
                given = annotator.label(loop.workspace.progress().tab, most - len(labels))
                loop.talk.say(f"The annotator labelled {given} frames, {len(labels) + given} in all.")
            synced = loop.sync()
            loop.talk.say(
                f"Round {len(loop.workspace.rounds())}: {synced.labels} labels, validation accuracy"
                f" {synced.round.validation_accuracy:.2f}, target"
                f" {'reached' if synced.round.target_reached else 'not reached'}."
            )


def _job(film: Path | None, labels: Path | None, budget: int | None, options: dict[str, Any]) -> Job:
    given = {name: value for name, value in options.items() if value is not None}
    mode = given.pop("mode", None)
    if (film is None) != (labels is None):
        raise UserMistake("--film and --labels go together.", "Give both, or none to draw a film.")
    if film is None:
        from screentime.demo.cast import CHARACTERS

        if mode == "exclusive":
            raise UserMistake(
                "The drawn film shows both characters at once in some seconds, which exclusive cannot say.",
                "Leave out --mode, or give a film of yours with --film and --labels.",
            )
        return Job(None, None, "multi", CHARACTERS, None, budget, {"backbone": "builtin", **given})
    found, characters, truth = read_truth(labels)
    mode = mode or found
    together = next((second for second, said in enumerate(truth) if len(said) > 1), None)
    if mode == "exclusive" and together is not None:
        raise UserMistake(
            f"{labels} line {together + 2} shows two characters at once, which exclusive cannot say.",
            "Leave out --mode exclusive.",
        )
    return Job(film, labels, mode, characters, truth, budget, given)


def _films(job: Job, place: Path, talk: Talk) -> tuple[Path, Truth, tuple[Path, Truth] | None]:
    """The film, its truth, and another film that the model never sees, where films are drawn."""
    if job.film is not None:
        return job.film, job.truth, None
    from screentime.demo.film import draw_film, film_truth, write_truth

    drawn = []
    films = place / "films"
    films.mkdir(parents=True, exist_ok=True)
    for name, seconds, seed in (("cartoon", SECONDS, SEED), ("unseen", OTHER_SECONDS, OTHER_SEED)):
        path = films / f"{name}.mp4"
        if path.is_file():
            rows = film_truth(seconds=seconds, seed=seed)
        else:
            talk.say(f"Drawing {path.name}, {seconds} seconds of cartoon.")
            rows = draw_film(path, seconds=seconds, seed=seed)
        write_truth(films / f"{name}.csv", rows)
        truth = [frozenset(n for n, on in zip(job.characters, row) if on) for row in rows]
        drawn.append((path, truth))
    return *drawn[0], drawn[1]


def _folder(parent: Path, job: Job) -> Path:
    """The folder of the same demo where it was interrupted, or a new one."""
    number = 1
    while True:
        place = parent / (job.name if number == 1 else f"{job.name}-{number}")
        if _is_blank(place):
            return place
        try:
            kept = read_json(place / NOTE, dict[str, Any])
        except Damaged:
            kept = {"finished": True}
        if not kept.get("finished") and kept.get("inputs") == job.inputs:
            return place
        number += 1


def _note(place: Path, job: Job) -> dict[str, Any]:
    """What the folder's note says of a demo there; written anew where there is none."""
    path = place / NOTE
    if path.exists():
        try:
            kept = read_json(path, dict[str, Any], needs=("inputs", "finished"))
        except Damaged as error:
            raise ScreentimeError(f"{path} is damaged ({error}).", "Name another folder with --workspace.") from None
        if kept["inputs"] != job.inputs:
            raise UserMistake(
                f"{place} holds a demo with other inputs.",
                "Name another folder with --workspace, or leave it out.",
            )
        return kept
    note = {"inputs": job.inputs, "finished": False}
    write_atomically(path, json.dumps(note) + "\n")
    return note


def _is_blank(place: Path) -> bool:
    """Whether there is nothing yet, or no more than a demo that was killed in its first moment left."""
    if not place.exists():
        return True
    return place.is_dir() and all(
        one.name.startswith((LOCK, UNFINISHED)) for one in place.iterdir()
    )


def _write(out: Path | None, result: dict[str, Any]) -> None:
    if out is not None:
        write_atomically(out, json.dumps(result, indent=2, ensure_ascii=False) + "\n")
