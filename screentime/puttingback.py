"""Labels that were pulled once, put back into Label Studio where people answered nothing since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from screentime.errors import ConfigError, ScreentimeError, UserMistake
from screentime.kept import Damaged, read_text
from screentime.labels_table import from_table
from screentime.records import Label
from screentime.reviews import REVIEW
from screentime.rounds import Loop

ANOTHER = "Name a copy of labels.csv that `screentime pull` wrote."


def read_copy(loop: Loop, file: Path) -> list[Label]:
    """Labels of a copy that `screentime pull` made, the newest of each frame.

    Parameters
    ----------
    loop : Loop
    file : Path
        ``labels.csv``, ``labels-gone.csv`` or another copy of theirs; taken from the project's folder where
        it is not in the current one.

    Returns
    -------
    list of Label

    Raises
    ------
    UserMistake
        If it cannot be read, a line of it is damaged, or it holds no labels.
    ConfigError
        If it names characters that the project does not have.
    """
    place = file if file.exists() else loop.workspace.root / file
    try:
        labels = from_table(read_text(place), str(place), once=False)
    except Damaged as error:
        raise UserMistake(f"{file} cannot be read ({error}).", ANOTHER) from None
    except ScreentimeError as error:
        raise UserMistake(error.what, f"Correct that line by hand. {ANOTHER}") from None
    # What a review says of a frame is no label of its own: the review is another project's.
    labels = [label for label in labels if label.origin != REVIEW]
    if not labels:
        raise UserMistake(f"{file} holds no labels of frames.", ANOTHER)
    strange = sorted(set().union(*(label.characters for label in labels)) - set(loop.schema.characters))
    if strange:
        raise ConfigError(
            f"{file} has labels of {', '.join(strange)}, whom this project does not have.",
            "Write the present names into a copy of it, and give that.",
        )
    newest: dict[str, Label] = {}
    for label in sorted(labels, key=lambda one: datetime.fromisoformat(one.updated_at)):
        newest[label.uid] = label
    return list(newest.values())


def put_back(loop: Loop, labels: Sequence[Label]) -> int:
    """Write labels into Label Studio on frames that nobody labelled or skipped; repeating it writes none.

    They become annotations of the token's account. Says what was left out.

    Parameters
    ----------
    loop : Loop
        Of a project that was pushed just now.
    labels : sequence of Label
        One a frame.

    Returns
    -------
    int
        How many were written.

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with; repeating it writes what is still missing.
    """
    from screentime.labelstudio.labels import judge
    from screentime.labelstudio.stream import submit

    client, tasks = loop.link.client, loop.workspace.progress().tasks
    loop.answers.read(client, loop.known_project())
    # Answers that cannot count, as those that were emptied, stand in nobody's way.
    said = judge(sorted(loop.answers.tasks.values(), key=lambda task: task["id"]), loop.schema)
    answered = {label.uid for label in said.labels} | said.skipped
    missing = [label for label in labels if label.uid in tasks and label.uid not in answered]
    with loop.talk.progress("Putting labels back") as step:
        for number, label in enumerate(missing, start=1):
            submit(
                client, {"id": tasks[label.uid]}, loop.schema, label.characters,
                lead_time=label.lead_time, origin=label.origin,
            )
            step(number, len(missing))
    elsewhere = sum(label.uid not in tasks for label in labels)
    rest = len(labels) - len(missing) - elsewhere
    loop.talk.say(
        f"{len(missing)} labels were put back"
        + (f"; {rest} frames are answered already" if rest else "")
        + (f"; {elsewhere} belong to frames that are not in this project" if elsewhere else "") + "."
    )
    return len(missing)
