"""Labels that were pulled before and count in Label Studio no more: people may not have meant that."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from screentime.records import Label

if TYPE_CHECKING:
    from screentime.talk import Talk
    from screentime.workspace import Workspace


def gone(known: Sequence[Label], answers: Mapping[str, Sequence[Label]], skipped: Collection[str]) -> list[Label]:
    """Labels that nobody's answer stands for any more.

    Parameters
    ----------
    known : sequence of Label
        What was pulled before.
    answers : mapping of str to sequence of Label
        Frame uid to what people say now, one answer a person.
    skipped : collection of str
        Uids of the frames that are skipped now.

    Returns
    -------
    list of Label
        Those of frames that nobody answers; and where others still do, those of people who do not, unless somebody
        says the same.
    """
    def stands(label: Label) -> bool:
        return any(
            one.annotator == label.annotator or one.characters == label.characters for one in answers.get(label.uid, ())
        )

    return [label for label in known if label.uid not in skipped and not stands(label)]


def keep_gone(workspace: Workspace, lost: Sequence[Label], talk: Talk) -> None:
    """Keep such labels in a file beside labels.csv, and say where.

    Parameters
    ----------
    workspace : Workspace
    lost : sequence of Label
        See `gone`; nothing is done where there are none.
    talk : Talk
    """
    if not lost:
        return
    file = workspace.keep_gone(lost)
    many = "1 label that was pulled before does" if len(lost) == 1 else f"{len(lost)} labels that were pulled before do"
    talk.say(
        f"{many} not count in Label Studio any more; {file} keeps what they said, and"
        f" `screentime push --labels {file.name}` puts it back."
    )
