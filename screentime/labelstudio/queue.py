"""Which frames the page hands out, and in which order: the first tab of the Data Manager."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from screentime.labelstudio.client import Client, speaking
from screentime.labelstudio.predictions import (
    ORDER_VERSION,
    delete_version,
    import_predictions,
    show_version,
    shown_version,
)
from screentime.labelstudio.project import ProjectRef
from screentime.labelstudio.tabs import BY_NUMBER, BY_SCORE, LABEL_FIRST, delete_shares, share_title, show_tab
from screentime.labelstudio.tasks import read_tasks

# More people than this seldom work in one tab at the same time.
NEXT_UP = 8


@dataclass(frozen=True, slots=True)
class Queue:
    """A tab whose labelling stream hands out chosen frames.

    Attributes
    ----------
    tab : int
        Label Studio's number of the tab.
    url : str
        Page that hands out its frames, one after the other.
    others : tuple of str
        Such pages of the second person, the third and so on.
    """

    tab: int
    url: str
    others: tuple[str, ...] = ()


def queue_frames(
    client: Client, project: ProjectRef, frames: Mapping[str, int], *, title: str = LABEL_FIRST, people: int = 1,
    dealt: Mapping[str, int] | None = None,
) -> Queue:
    """Let a tab, the project's first, show exactly these frames, as far as nobody labelled or skipped them.

    Label Studio sorts a tab by one column. Frames wanted in the order of their tasks are sorted by
    that; others by the score of the pre-annotations on show, so they should come least certain first;
    and while the page shows none, by a rank written for the purpose, which serves any order.

    In a tab Label Studio hands the same first frame to everybody who asks, whoever has it open. So several
    people get a tab each, with frames that are in no other one, see `share`.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    frames : mapping of str to int
        Frame uid to task, in the order wanted.
    title : str, optional
        Name of the tab; a tab of this name is changed, never doubled.
    people : int, optional
        How many label at the same time. Tabs of more people than that are deleted.
    dealt : mapping of str to int, optional
        Uid to the person who gets it, from 0; by itself see `share`.

    Returns
    -------
    Queue

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    wanted = list(frames.values())
    ordering = BY_NUMBER if wanted == sorted(wanted) else BY_SCORE
    if ordering == BY_SCORE:
        shown = shown_version(client, project)
        if shown in (None, "", ORDER_VERSION):
            _rank(client, project, wanted, shown)
    tabs = [
        show_tab(
            client, project, share_title(title, person),
            share(frames, person, people) if dealt is None else [uid for uid in frames if dealt[uid] == person],
            ordering=ordering, answered=False,
        )
        for person in range(people)
    ]
    delete_shares(client, project, title, people)
    pages = [f"{project.url}/data?tab={tab}&labeling=1" for tab in tabs]
    return Queue(tabs[0], pages[0], tuple(pages[1:]))


def share(frames: Mapping[str, int], person: int, people: int) -> list[str]:
    """Which frames a person gets: those whose tasks have certain numbers, whatever else is asked for.

    A frame that somebody has open thus never goes over to another person, whichever frames come and go.

    Parameters
    ----------
    frames : mapping of str to int
        Frame uid to task.
    person : int
        From 0.
    people : int
        How many there are.

    Returns
    -------
    list of str
        Uids, in the given order.
    """
    return [uid for uid, task in frames.items() if task % people == person]


def next_up(client: Client, project: ProjectRef, tabs: Iterable[int], *, of_each: int = NEXT_UP) -> set[int]:
    """Tasks that people who work through tabs may have before them.

    Parameters
    ----------
    client : Client
    project : ProjectRef
    tabs : iterable of int
        Label Studio's numbers of the tabs; those that are gone are left out.
    of_each : int, optional
        How many of each tab: the first ones, which the page hands out next.

    Returns
    -------
    set of int

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    from label_studio_sdk.core.api_error import ApiError

    found: set[int] = set()
    with speaking("reading the tabs"):
        for tab in tabs:
            first = read_tasks(client, project, view=tab, include="id", page_size=str(of_each))
            try:
                found |= {task["id"] for task in islice(first, of_each)}
            except ApiError as error:
                if error.status_code != 404:
                    raise
    return found


def _rank(client: Client, project: ProjectRef, wanted: Sequence[int], shown: str | None) -> None:
    """Write an empty prediction a frame with its rank as score, which the page never shows.

    Label Studio sorts by the score of the version on show; only where that is None, which deleting the
    version on show leaves, does it sort by all there are, and then it shows none of them.
    """
    ranks = [
        {"task": task, "model_version": ORDER_VERSION, "score": place / len(wanted), "result": []}
        for place, task in enumerate(wanted)
    ]
    delete_version(client, project, ORDER_VERSION)
    if shown is not None:
        import_predictions(client, project, ranks[:1])
        show_version(client, project, ORDER_VERSION)
        delete_version(client, project, ORDER_VERSION)
    import_predictions(client, project, ranks)
