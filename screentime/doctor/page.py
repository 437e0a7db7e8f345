"""The project's tabs: what is handed out next, in its order, and what can be confirmed many at once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from screentime.doctor.finding import MEND, Check, Finding, Missing, counted, ok, warning
from screentime.doctor.place import Place
from screentime.errors import ScreentimeError, ServerError
from screentime.labelstudio.tabs import CONFIRM_SURE, CONFIRM_UNSURE, LABEL_FIRST, LOOK_AGAIN

BULK = "predictions_to_annotations"


def look_next(place: Place) -> Finding:
    """Whether the page hands out the frames that were asked for, in their order."""
    progress, project = place.progress, place.project
    tasks = {task["id"]: task for task in place.tasks}
    unanswered = [
        uid for uid in progress.batch
        if (task := tasks.get(progress.tasks.get(uid, -1)))
        and not task["total_annotations"] and not task["cancelled_annotations"]
    ]
    if not unanswered:
        return ok("no frame waits for a label; `screentime sync` asks for more.")
    tab = _tab(place, LABEL_FIRST)
    if tab is None or tab["id"] != progress.tab:
        raise ScreentimeError(f"The tab {LABEL_FIRST} is not in Label Studio any more.", f"{MEND} makes it again.")
    shares = [_listed(place, number) for number in (tab["id"], *_numbers(progress.others))]
    handed = [uid for listed in shares for uid in listed]
    if sorted(handed) != sorted(unanswered):
        raise ScreentimeError(
            f"The tab {LABEL_FIRST} hands out {counted(len(handed), 'frame')}, not the {len(unanswered)} that were asked for.",
            f"{MEND} sets it right.",
        )
    if any(listed != [uid for uid in unanswered if uid in set(listed)] for listed in shares):
        raise ScreentimeError(f"The tab {LABEL_FIRST} hands its frames out in another order.", f"{MEND} sets it right.")
    if not progress.url.startswith(f"{project.url}/"):
        return warning(
            f"The pages that were named lie at {progress.url.split('/projects/')[0]}, and Label Studio is at {place.page} now.",
            f"{MEND} or the next `screentime sync` names the present ones.",
        )
    return ok(f"{counted(len(handed), 'frame')} in the order in which they teach most, at {progress.url}")


def mend_next(place: Place) -> str:
    """Let the page hand out the batch again."""
    from screentime.pages import fill_tabs, hand_out

    loop, project = place.loop(), place.project
    with place.workspace.locked("doctor --fix"):
        hand_out(loop, project)
        if place.progress.shown and place.cards:
            fill_tabs(loop, project)
    return f"the tab {LABEL_FIRST} hands out the frames that were asked for."


def look_confirming(place: Place) -> Finding:
    """Whether many pre-annotations can be confirmed at once."""
    _ = place.shown
    offered = place.ask("api/dm/actions/", project=place.project.id)
    if BULK not in {one["id"] for one in offered}:
        raise ServerError(
            "Label Studio does not offer the action Create Annotations From Predictions.",
            "Use Label Studio 1.23.2; without it, confirm one by one in the tab Confirm: unsure.",
        )
    if not place.progress.confirm_sure:
        return ok("the action is there; no frame is sure enough to be confirmed with others.")
    if _tab(place, CONFIRM_SURE) is None:
        raise ScreentimeError(f"The tab {CONFIRM_SURE} is not in Label Studio any more.", f"{MEND} makes it again.")
    return ok(f"the action and the tab {CONFIRM_SURE} are there.")


def look_tabs(place: Place) -> Finding:
    """Whether the other tabs are there."""
    progress = place.progress
    _ = place.shown
    wanted = {CONFIRM_UNSURE: progress.confirm_unsure, LOOK_AGAIN: progress.look_again}
    lost = [title for title, page in wanted.items() if page and _tab(place, title) is None]
    if lost:
        one = len(lost) == 1
        raise ScreentimeError(
            f"The tab{'' if one else 's'} {' and '.join(lost)} {'is' if one else 'are'} not in Label Studio any more.",
            f"{MEND} makes {'it' if one else 'them'} again.",
        )
    there = [title for title, page in wanted.items() if page]
    return ok(f"{' and '.join(there)} {'are' if len(there) > 1 else 'is'} there." if there else "no other one is needed.")


def mend_tabs(place: Place) -> str:
    """Fill the tabs beside the batch again."""
    from screentime.pages import fill_tabs

    if not place.cards:
        raise Missing("there is no model yet")
    with place.workspace.locked("doctor --fix"):
        fill_tabs(place.loop(), place.project)
    return "the tabs were made again."


def _numbers(pages: Iterable[str]) -> list[int]:
    """Label Studio's numbers of the tabs that pages show."""
    return [int(one) for one in re.findall(r"tab=(\d+)", " ".join(pages))]


def _tab(place: Place, title: str) -> dict[str, Any] | None:
    views = place.ask("api/dm/views/", project=place.project.id)
    return next((one for one in views if one["data"].get("title") == title), None)


def _listed(place: Place, tab: int) -> list[str]:
    """Uids of a tab's frames, in its order, each once."""
    from screentime.labelstudio.client import speaking
    from screentime.labelstudio.tasks import read_tasks

    with speaking("reading a tab"):
        found = list(read_tasks(place.client, place.project, view=tab, include="id,data"))
    return list(dict.fromkeys(one["data"].get("uid", "") for one in found))


CHECKS = (
    Check("What to label next", look_next, mend_next), Check("Confirming many", look_confirming, mend_tabs),
    Check("Other tabs", look_tabs, mend_tabs),
)
