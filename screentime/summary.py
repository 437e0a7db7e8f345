"""Where a project stands, from its own folder alone: what `status` tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from screentime.agreement import Influence, agreement, influence
from screentime.batches import waiting
from screentime.errors import ConfigError, NotReady
from screentime.records import Frame, Label, timecode
from screentime.schema import Schema
from screentime.totals import labels_for_half_width
from screentime.validation import labels_for_accuracy
from screentime.workspace import Workspace

if TYPE_CHECKING:
    from screentime.screening import Basis, ScreenTime


def summary(workspace: Workspace) -> dict[str, Any]:
    """Where a project stands.

    Parameters
    ----------
    workspace : Workspace

    Returns
    -------
    dict
        ``title``, ``mode``, ``frames``, ``labels`` of the project's films, ``elsewhere`` (labels of other
        films, that are audited), ``skipped``, ``waiting``; ``rounds``, each with its
        ``accuracy`` as the model's card has it; ``target``, ``stop`` and ``half_width``; ``forecast``:
        how many labels in all the ``accuracy`` and the ``seconds`` may need (None where it cannot be
        told); ``screen_time``: a row a film, see `screentime.screening.rows_of`; ``suspicious``
        labels; ``people``: of each `screentime.agreement.Annotator`; their ``agreement`` and ``influence`` of seeing pre-annotations (None
        where nothing can be told); ``url``, ``others`` (that of other people), ``look_again``,
        ``confirm_sure``, ``confirm_unsure`` and ``next``.
    """
    from screentime.screening import rows_of

    config, progress = workspace.config(), workspace.progress()
    labels, cards = workspace.labels(), workspace.cards()
    frames = workspace.frames() if workspace.frames_table.is_file() else []
    left = waiting(workspace)
    own = {frame.uid for frame in frames}
    mine = sum(label.uid in own for label in labels)
    rounds = [{**card["round"], "accuracy": card["accuracy"]} for card in cards]
    times = seconds_so_far(workspace)
    people = agreement([[frozenset(one) for one in answers] for answers in progress.doubles.values()])
    seen = influence_of(workspace, labels)
    return {
        "title": config.project.title, "mode": config.project.mode,
        "frames": len(frames), "labels": mine, "elsewhere": len(labels) - mine, "skipped": len(progress.skipped), "waiting": left,
        "rounds": rounds, "target": config.loop.target, "stop": config.loop.stop,
        "half_width": config.loop.half_width,
        "forecast": forecast(workspace, times),
        "screen_time": rows_of(times),
        "suspicious": _listed(workspace),
        "agreement": asdict(people) if people else None,
        "people": [asdict(one) for one in progress.people],
        "influence": asdict(seen) if seen else None,
        "url": progress.url, "others": list(progress.others), "look_again": progress.look_again,
        "confirm_sure": progress.confirm_sure, "confirm_unsure": progress.confirm_unsure,
        "next": "`screentime extract`." if not frames or unlisted(workspace) else _next(frames, progress, rounds, left),
    }


def basis_of(workspace: Workspace) -> Basis:
    """What people said, and what the latest version made of it.

    Parameters
    ----------
    workspace : Workspace
        With a model.

    Returns
    -------
    Basis

    Raises
    ------
    ConfigError
        If reviews name characters that the options do not.
    """
    from screentime.model.tables import CROSSFIT, read_rows
    from screentime.screening import Basis

    card, reviews = workspace.card(), workspace.reviews()
    named = set(workspace.schema().characters)
    strange = sorted({one.character for review in reviews for one in review.appearances} - named)
    if strange:
        raise ConfigError(
            f"{workspace.reviews_file} has reviews of {', '.join(strange)}, which {workspace.config_file} does not name.",
            "Name it under characters again, as the reviews do, or change those reviews in Label Studio and run"
            " `screentime pull`.",
        )
    return Basis(
        labels={label.uid: label.characters for label in workspace.labels()},
        audits=workspace.progress().audits,
        learned=set(card["label_uids"]) - set(card["held_out_uids"]),
        foretold=read_rows(workspace.models_folder / card["version"] / CROSSFIT, workspace.schema()),
        reviews={review.digest: review for review in reviews},
    )


def seconds_so_far(workspace: Workspace) -> list[ScreenTime]:
    """Screen time of the project's films: labels where there are some, the rest estimated.

    Parameters
    ----------
    workspace : Workspace

    Returns
    -------
    list of ScreenTime
        One a film; empty before the first model.
    """
    import numpy as np

    from screentime.model.tables import read_predictions
    from screentime.screening import count

    rounds = workspace.rounds()
    if not rounds:
        return []
    frames, schema, version = workspace.frames(), workspace.schema(), rounds[-1].version
    if unlisted(workspace):
        return []  # `extract` was killed between its files
    try:
        rows = read_predictions(workspace.models_folder / version, frames, schema)
        basis = basis_of(workspace)
    except NotReady:
        return []  # a film was added since; the next training brings its seconds
    results = []
    for film in workspace.films():
        mine = np.array([frame.digest == film.digest for frame in frames])
        seconds = [frame.second for frame in frames if frame.digest == film.digest]
        results.append(count(film, seconds, rows[mine], schema, version, basis))
    return results


def unlisted(workspace: Workspace) -> list[str]:
    """Names of films whose frames frames.csv lacks, because `extract` was killed between its files."""
    listed = {frame.digest for frame in workspace.frames()}
    return [film.name for film in workspace.films() if film.digest not in listed]


def widest(times: Sequence[ScreenTime]) -> float | None:
    """Half the width of the widest interval of a character's total, in seconds.

    Parameters
    ----------
    times : sequence of ScreenTime

    Returns
    -------
    float or None
        None where a film has no interval, or there is no film.
    """
    halves = [
        None if one.low is None else (one.high - one.low) / 2 for time in times for one in characters(time)
    ]
    return None if not halves or None in halves else max(halves)


def characters(time: ScreenTime) -> list[Any]:
    """The estimates of the characters alone."""
    from screentime.schema import BOTH, NEITHER

    return [one for name, one in time.estimates.items() if name not in (BOTH, NEITHER)]


def forecast(workspace: Workspace, times: Sequence[ScreenTime]) -> dict[str, int | None]:
    """How many labels in all the target and the half width may need.

    Parameters
    ----------
    workspace : Workspace
    times : sequence of ScreenTime
        See `seconds_so_far`.

    Returns
    -------
    dict
        ``accuracy`` and ``seconds``: a number of labels, or None where it cannot be told.
    """
    rounds, options = workspace.rounds(), workspace.config().loop
    if not rounds:
        return {"accuracy": None, "seconds": None}
    seconds = None
    if widest(times) is not None:
        more = [
            labels_for_half_width(characters(time), time.film.frames, time.labels, options.half_width) - time.labels
            for time in times
        ]
        seconds = rounds[-1].labels + sum(more)
    accuracy = labels_for_accuracy(rounds[-1].labels, rounds[-1].validation_accuracy, options.target)
    frames = sum(time.film.frames for time in times) or None
    return {
        "accuracy": min(accuracy, frames) if accuracy is not None and frames else accuracy, "seconds": seconds,
    }


def suspects(workspace: Workspace) -> list[tuple[Label, list[str], float]]:
    """Labels that are worth a second look and have not had one since.

    Parameters
    ----------
    workspace : Workspace

    Returns
    -------
    list of (Label, list of str, float)
        The label, who the model thinks is on screen, and the probability that it gives to the label;
        the least probable first. Labels on which people disagree come before them.
    """
    import numpy as np

    from screentime.model.tables import BY_BLOCK, read_rows
    from screentime.suspicion import suspicious

    rounds, schema, progress = workspace.rounds(), workspace.schema(), workspace.progress()
    if not rounds:
        return []
    try:
        rows = read_rows(workspace.models_folder / rounds[-1].version / BY_BLOCK, schema)
    except NotReady:
        return []
    there = {frame.uid for frame in workspace.all_frames()}
    labels = [label for label in workspace.labels() if label.uid in rows and label.uid in there]
    if not labels:
        return []
    probabilities = np.array([rows[label.uid] for label in labels])
    which, confidence = suspicious(schema.encode([one.characters for one in labels]), probabilities, schema)
    decided = schema.decide(probabilities)
    found = [(labels[i], schema.choose(schema.decode(decided[i])), float(c)) for i, c in zip(which, confidence)]
    split = {uid for uid, answers in progress.doubles.items() if len({tuple(one) for one in answers}) > 1}
    found.sort(key=lambda one: one[0].uid not in split)
    # Changed or confirmed since it was put up: somebody has looked.
    return [one for one in found if progress.doubted.get(one[0].uid, one[0].updated_at) == one[0].updated_at]


def _listed(workspace: Workspace) -> list[dict[str, Any]]:
    found = suspects(workspace)
    # Read once: a project may have many thousand frames.
    frames = {frame.uid: frame for frame in workspace.all_frames()} if found else {}
    return [told(frames[one[0].uid], workspace.schema(), *one) for one in found]


def told(
    frame: Frame, schema: Schema, label: Label, model: Sequence[str], confidence: float
) -> dict[str, Any]:
    """One suspicious label as a row."""
    return {
        "uid": label.uid, "film": frame.film, "second": frame.second, "timecode": timecode(frame.second),
        "said": ", ".join(schema.choose(label.characters)), "model": ", ".join(model),
        "confidence": round(confidence, 4),
    }


def influence_of(workspace: Workspace, labels: Sequence[Label]) -> Influence | None:
    """Whether people who see a pre-annotation agree with it more than people who do not.

    Only learning frames count: which of them were shown blind was left to chance, so that the two kinds
    are alike but for that.

    Parameters
    ----------
    workspace : Workspace
    labels : sequence of Label

    Returns
    -------
    Influence or None
    """
    from screentime.model.tables import PREDICTIONS, read_rows

    progress, schema = workspace.progress(), workspace.schema()
    blind, versions = set(progress.blind), {}
    agrees: dict[bool, list[bool]] = {True: [], False: []}
    for label in labels:
        version = progress.asked.get(label.uid)
        # Who reviewed a film looked at its timeline, not at a frame's pre-annotation.
        if not version or label.uid in progress.audits or label.origin == "review":
            continue
        if version not in versions:
            try:
                versions[version] = read_rows(workspace.models_folder / version / PREDICTIONS, schema)
            except NotReady:
                versions[version] = {}
        row = versions[version].get(label.uid)
        if row is not None:
            agrees[label.uid in blind].append(_decided(schema, row) == label.characters)
    return influence(agrees[False], agrees[True])


def _decided(schema: Any, row: Sequence[float]) -> frozenset[str]:
    import numpy as np

    return schema.decode(schema.decide(np.array([row]))[0])


def _next(frames: Sequence[Frame], progress: Any, rounds: Sequence[dict], left: int) -> str:
    if progress.project is None or any(frame.uid not in progress.tasks for frame in frames):
        return "`screentime push`."
    if rounds and rounds[-1]["target_reached"]:
        return f"the target is reached; `screentime predict FILM` for other films, or more labels at {progress.url}"
    if left:
        return f"label {left} frames at {progress.url} , then `screentime sync`."
    return "`screentime sync`."
