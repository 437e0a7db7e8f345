"""The `simulate` command: labelled films in, figures out; no server."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from screentime.config import Config
from screentime.demo.annotator import read_truth, truth_of
from screentime.errors import UserMistake
from screentime.files import write_atomically
from screentime.model.backbone import Backbone, open_backbone
from screentime.report.efficiency import plot_efficiency, require_picture
from screentime.simulation.measures import DEFAULT, ESTIMATORS, curve, errors, guesses, honesty, right, told
from screentime.simulation.replay import STRATEGIES, Known, replay
from screentime.talk import Talk

# Numbers of labels at which learning curves are looked at.
COUNTS = (10, 15, 20, 25, 30, 40, 50, 60, 80, 100, 150, 200)
# Length of the drawn films and the first of their seeds; the demo's films have others.
DRAWN_SECONDS, DRAWN_SEED = 180, 1000


def simulate(
    film: Path | None,
    labels: Path | None,
    drawn: int,
    runs: int,
    strategies: Sequence[str],
    budget: int,
    config: Config,
    smoothing: float,
    out: Path | None,
    plot: Path | None,
    talk: Talk,
) -> dict[str, Any]:
    """Replay a labelled film, or many drawn ones, and sum up.

    Parameters
    ----------
    film, labels : Path or None
        A film and the CSV of its labels, see `screentime.demo.annotator.read_truth`.
    drawn : int
        Instead of a film: so many drawn ones, one run each.
    runs : int
        Runs of each strategy, each with another seed.
    strategies : sequence of str
        Of `screentime.simulation.replay.STRATEGIES`.
    budget : int
        Most labels that are given.
    config : Config
        Whose ``model`` and ``loop`` options count.
    smoothing : float
        See `screentime.timeline.near`.
    out, plot : Path or None
        Files for the result as JSON, and as a picture.
    talk : Talk

    Returns
    -------
    dict
        ``runs``, ``budget``, ``mode``, ``backbone``, ``view``; ``strategies``: name to
        `screentime.simulation.measures.curve`; ``totals``: estimator to
        `screentime.simulation.measures.errors` at the budget, and ``totals_at`` other counts;
        ``accuracy_told``: count to `screentime.simulation.measures.honesty`; ``default``: which of
        the strategies and totals the product uses; ``recipes`` where the recipe is finetune.

    Raises
    ------
    UserMistake
        If the films or strategies cannot be used.
    """
    from joblib import Parallel, delayed

    unknown = [name for name in strategies if name not in STRATEGIES]
    if unknown:
        raise UserMistake(f"{unknown[0]!r} is no strategy.", f"Use some of {', '.join(STRATEGIES)}.")
    if (film is None) == (drawn == 0) or (film is None) != (labels is None):
        raise UserMistake("Name what to replay.", "Give --film and --labels, or --drawn N.")
    for path in (out, plot):
        if path is not None and not path.resolve().parent.is_dir():
            raise UserMistake(f"{path} cannot be written: its folder is missing.", "Make that folder first.")
    if plot is not None:
        require_picture(plot)
    backbone = open_backbone(config.model.backbone, config.model.view, talk)
    pictures = None
    if film is not None:
        known, pictures = _labelled(film, labels, backbone, config, talk)
        films = [known] * runs
    elif config.model.recipe == "finetune":
        raise UserMistake("Drawn films are replayed with the recipe head alone.", "Give --film and --labels.")
    else:
        films = _drawn(drawn, backbone, talk)
    films = [replace(one, smoothing=smoothing) for one in films]
    fewest = min(len(one.targets) for one in films)
    if budget >= fewest:
        raise UserMistake(f"A film has {fewest} frames, so {budget} labels leave nothing to judge by.", "Use a smaller --budget.")
    counts = sorted({*(count for count in COUNTS if count < budget), budget})
    judged = sorted({count for count in (config.loop.first_batch // 2, budget) if count <= budget})
    counts = sorted({*counts, *judged})
    found: dict[str, list[Any]] = {}
    with talk.progress("Replaying") as step:
        done = 0
        for name in strategies:
            # One run more of what never differs says nothing new.
            seeds = range(1, 2 if name == "cover" and film is not None else len(films) + 1)
            found[name] = []
            jobs = (delayed(_run)(films[seed - 1], name, counts, judged, config.loop, seed) for seed in seeds)
            for result in Parallel(n_jobs=-1, return_as="generator")(jobs):
                found[name].append(result)
                done += 1
                step(done, len(films) * len(strategies))
    result = _sum_up(found, films[0], counts, judged, config)
    if config.model.recipe == "finetune":
        result["recipes"] = {"finetune": _finetune(films[0], pictures, backbone, runs, budget, config, talk)}
    result = {"runs": len(films), "budget": budget, "drawn_films": drawn, "smoothing": smoothing, **result}
    if out is not None:
        write_atomically(out, json.dumps(result, indent=2) + "\n")
    if plot is not None:
        plot_efficiency(plot, result)
    return result


def _run(
    film: Known, strategy: str, counts: Sequence[int], judged: Sequence[int], options: Any, seed: int
) -> dict[str, Any]:
    looks = dict(zip(counts, replay(film, STRATEGIES[strategy], counts, judged, options, seed)))
    mine = [name for name, labels_of in ESTIMATORS.items() if labels_of == strategy]
    return {
        "right": [right(film, look) for look in looks.values()],
        "totals": {count: {name: guesses(film, looks[count], name) for name in mine} for count in judged},
        "told": {count: told(film, looks[count]) for count in judged},
    }


def _sum_up(
    found: dict[str, list[Any]], film: Known, counts: Sequence[int], judged: Sequence[int], config: Config
) -> dict[str, Any]:
    each = (film.seconds[-1] - film.seconds[0]) / (len(film.seconds) - 1)
    at = {
        str(count): {
            name: errors([one["totals"][count][name] for one in found[of]], each)
            for name, of in ESTIMATORS.items() if of in found
        }
        for count in judged
    }
    accuracy_told = {
        str(count): honesty([one["told"][count] for one in found["loop"]], config.loop.target) for count in judged
    } if "loop" in found else {}
    return {
        "mode": film.schema.mode, "characters": list(film.schema.characters),
        "backbone": config.model.backbone, "view": config.model.view, "target": config.loop.target,
        "strategies": {
            name: curve(counts, [one["right"] for one in runs], film.schema.characters, config.loop.target)
            for name, runs in found.items()
        },
        "totals": at[str(judged[-1])], "totals_at": at, "accuracy_told": accuracy_told, "default": DEFAULT,
    }


def _finetune(
    film: Known, pictures: Any, backbone: Backbone, runs: int, budget: int, config: Config, talk: Talk
) -> dict[str, Any]:
    from screentime.simulation.recipes import MOST_RUNS, finetuned, summed_up

    shares = []
    with talk.progress("Fine-tuning") as step:
        for seed in range(1, min(runs, MOST_RUNS) + 1):
            shares.append(
                finetuned(film, pictures, backbone, STRATEGIES[DEFAULT["strategies"]], budget, config, seed)
            )
            step(seed, min(runs, MOST_RUNS))
    return summed_up(shares, film.schema.characters)


def _labelled(
    film: Path, labels: Path, backbone: Backbone, config: Config, talk: Talk
) -> tuple[Known, Any]:
    import numpy as np

    from screentime.model.dataset import read_pictures
    from screentime.model.embeddings import embed_frames
    from screentime.schema import Schema
    from screentime.video.frames import extract
    from screentime.video.source import shown_name

    mode, characters, truth = read_truth(labels)
    schema = Schema(mode, characters)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        with talk.progress(f"Reading {shown_name(film)}") as step:
            _, frames = extract(
                film, root, fps=config.frames.fps, quality=config.frames.quality,
                max_height=config.frames.max_height, warn=talk.say,
                progress=lambda second, claimed: step(round(second), round(claimed)),
            )
        said = truth_of(frames, truth, labels)
        embeddings = embed_frames(frames, root, root / "embeddings", backbone, talk)
        pictures = None
        if config.model.recipe == "finetune":
            side = backbone.view.side
            batches = read_pictures([root / frame.file for frame in frames], lambda width, height: (side, side), 16)
            pictures = np.concatenate([(batch * 255).round().astype(np.uint8) for batch in batches])
    return Known(
        embeddings, schema.encode([said[frame.uid] for frame in frames]), [frame.shot for frame in frames],
        [frame.second for frame in frames], schema,
    ), pictures


def _drawn(how_many: int, backbone: Backbone, talk: Talk) -> list[Known]:
    """Different cartoons, a picture a second, with what is true of them."""
    import numpy as np

    from screentime.demo.cast import CHARACTERS
    from screentime.demo.film import draw_frames, film_truth
    from screentime.model.dataset import input_size, to_input
    from screentime.schema import Schema
    from screentime.video.shots import ShotCounter

    schema = Schema("multi", CHARACTERS)
    films = []
    with talk.progress("Drawing films") as step:
        for number in range(how_many):
            size, seed = (640, 360), DRAWN_SEED + number
            wanted = input_size(*size, backbone.view.short_side)
            counter, shots, rows, waiting = ShotCounter(), [], [], []
            for picture in draw_frames(seconds=DRAWN_SECONDS, seed=seed, fps=1, size=size):
                shots.append(counter.next(picture))
                waiting.append(to_input(picture, wanted))
                if len(waiting) == 10:
                    rows.append(backbone.embed(np.stack(waiting)))
                    waiting.clear()
            truth = film_truth(seconds=DRAWN_SECONDS, seed=seed, fps=1, size=size)
            films.append(Known(
                np.concatenate(rows), truth.astype(np.float32), shots, [float(i) for i in range(len(truth))], schema,
            ))
            step(number + 1, how_many)
    return films
