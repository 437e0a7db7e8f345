"""The project in Label Studio: its choices, pre-annotations, labels, and who else acts on it."""

from __future__ import annotations

import time
from typing import Any, get_args
from urllib.parse import urlsplit

from screentime.doctor import pictures
from screentime.doctor import tasks as task_checks
from screentime.doctor.answering import Kind, is_service, kind_of, reached, who_answers
from screentime.doctor.finding import MEND, Check, Finding, counted, ok, warning
from screentime.doctor.place import LOOPBACK, Place
from screentime.errors import NotReady, ScreentimeError, UserMistake

PAGE = 100
# A page that takes longer is one of which people ask whether it hangs.
SLOW_SECONDS = 5.0


def look_label_config(place: Place) -> Finding:
    """Whether the project is there, with the workspace's characters and mode."""
    from screentime.labelstudio.project import get_project

    schema = place.config and place.workspace.schema()
    try:
        found = get_project(place.client, place.known_project, schema, workspace_id=place.config.project.id)
    except NotReady as error:
        if not place.workspace.labels_table.is_file():
            raise
        raise NotReady(error.what, "Make it again, with the labels: `screentime push --labels labels.csv`.") from None
    return ok(f"{found.url} asks for {', '.join(schema.choices)}.")


def look_preannotations(place: Place) -> Finding:
    """Whether the page shows pre-annotations, and every open frame has one."""
    shown, own = place.shown, {place.progress.tasks[one.uid] for one in place.frames if one.uid in place.progress.tasks}
    # A frame may have been labelled on another of its tasks, or by a review.
    answered = _labelled_here(place) | {
        task["data"]["uid"] for task in place.tasks if task["total_annotations"] or task["cancelled_annotations"]
    }
    if not place.settings["show_collab_predictions"]:
        raise UserMistake(
            "Label Studio hides pre-annotations: \"Show predictions to annotators\" is off in the project's settings.",
            f"{MEND} switches it on.",
        )
    unanswered = [task for task in place.tasks if task["id"] in own and task["data"]["uid"] not in answered]
    without = sum(shown not in task["predictions_model_versions"].split(",") for task in unanswered)
    if without:
        raise ScreentimeError(
            f"{without} of {counted(len(unanswered), 'open frame')} have no pre-annotation of {shown}.",
            f"{MEND} or `screentime preannotate` writes them again.",
        )
    return ok(f"all {counted(len(unanswered), 'open frame')} have one of {shown}, and the page may show them.")


def mend_preannotations(place: Place) -> str:
    """Let the page show pre-annotations, and write those that are missing."""
    done = []
    if not place.settings["show_collab_predictions"]:
        place.client.request("PATCH", f"api/projects/{place.project.id}/", json={"show_collab_predictions": True})
        done.append("the page shows predictions to annotators again")
        place = place.afresh()
    try:
        look_preannotations(place)
    except ScreentimeError:
        with place.workspace.locked("doctor --fix"):
            done.append(f"wrote {place.loop().preannotate()} pre-annotations again")
    return f"{'; '.join(done)}."


def look_version(place: Place) -> Finding:
    """Whether the page shows the version that it should, and nothing takes its place."""
    connected = _connected(place)
    if connected["other"]:
        one = connected["other"][0]
        raise UserMistake(
            f"The model {one['title']!r} at {one['url']} is connected to the project: its predictions take the place of"
            " the pre-annotations.", f"Disconnect it at {place.project.url}/settings/ml , then {MEND}.",
        )
    useless = _useless(place, connected)
    if useless and not place.progress.shown:
        return useless
    shown, there = place.shown, place.settings["model_version"] or ""
    if there != shown:
        what = f"those of {there}" if there else "none: its model version is empty"
        how = MEND if place.versions.get(shown) else "`screentime preannotate`"
        raise ScreentimeError(f"Label Studio shows not the pre-annotations of {shown} but {what}.", f"{how} shows them again.")
    if useless:
        return useless
    latest = place.cards[-1]["version"] if place.cards else shown
    if latest != shown:
        return warning(f"{latest} was trained and the page still shows {shown}.", "Run `screentime sync`.")
    beside = "`screentime serve` is the connected model" if connected["ours"] else "no other model is connected"
    return ok(f"the page shows {shown}, the latest; {beside}.")


def _connected(place: Place) -> dict[str, list[dict[str, Any]]]:
    """The project's connected models, by what they are."""
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in get_args(Kind)}
    for one in place.ask("api/ml/", project=place.project.id):
        found[kind_of(place, one)].append(one)
    return found


def _useless(place: Place, connected: dict[str, list[dict[str, Any]]]) -> Finding | None:
    """What to say of models that are connected and of which Label Studio gets nothing; its page waits for them."""
    page = f"{place.project.url}/settings/ml"
    for one in connected["silent"]:
        return warning(
            f"The model {one['title']!r} at {one['url']} is connected to the project, and nothing answers there.",
            f"Start `screentime serve` there, or disconnect it at {page} .",
        )
    for one in connected["refusing"]:
        return warning(
            f"`screentime serve` is the connected model, at {one['url']}, and Label Studio gets nothing of it.",
            f"See that its password at {page} is the line in hint-secret, and that {one['url']}/ shows this project going.",
        )
    for one in connected["failing"]:
        return warning(
            f"The model {one['title']!r} at {one['url']} is connected to the project, and answers Label Studio by errors.",
            f"Mend it, or disconnect it at {page} .",
        )
    return None


def mend_version(place: Place) -> str:
    """Let the page show the version that it should, where its predictions are there."""
    from screentime.labelstudio.predictions import show_version

    if _connected(place)["other"] or not place.versions.get(place.shown):
        return ""
    if place.settings["model_version"] == place.shown:
        return ""
    with place.workspace.locked("doctor --fix"):
        show_version(place.client, place.project, place.shown)
    return f"the page shows {place.shown} again."


def look_retrieving(place: Place) -> Finding:
    """Whether pre-annotations are read in time, and none are left that only make it slower."""
    from screentime.labelstudio.client import speaking

    began = time.monotonic()
    with speaking("reading a page of pre-annotations"):
        place.client.request(
            "GET", "api/tasks", seconds=place.patience,
            params={"project": place.project.id, "page_size": PAGE, "fields": "all", "include": "id,predictions"},
        )
    took = time.monotonic() - began
    old = {version: n for version, n in place.versions.items() if version != place.shown}
    if old:
        return warning(
            f"{counted(sum(old.values()), 'pre-annotation')} of older versions ({', '.join(sorted(old))}) are left and make the"
            " page slower.", f"{MEND} or the next `screentime sync` clears them away.",
        )
    if took > SLOW_SECONDS:
        return warning(
            f"A page of {PAGE} frames with their pre-annotations is read in {took:.1f} s, and people wait as long.",
            "See what else keeps Label Studio's machine busy. Where it is always as slow, let it use PostgreSQL, as in"
            " docker-compose.yml, or make a new project with fewer frames (`--fps`).",
        )
    return ok(f"a page of them is read in {took:.1f} s; none of older versions are left.")


def mend_retrieving(place: Place) -> str:
    """Delete pre-annotations of older versions, which nobody is shown."""
    from screentime.showing import clear_away

    loop, before = place.loop(), sum(place.versions.values())
    with place.workspace.locked("doctor --fix"):
        clear_away(loop, loop.answered())
    left = sum(place.afresh().versions.values())
    return f"deleted {counted(before - left, 'pre-annotation')} of older versions." if left < before else ""


def look_webhooks(place: Place) -> Finding:
    """Whether webhooks lead somewhere."""
    from screentime.labelstudio.webhooks import base_of, is_ours

    hooks = {
        one["id"]: one
        for found in (place.ask("api/webhooks/", project=place.project.id), place.ask("api/webhooks/"))
        for one in found if one["is_active"] and one["project"] in (None, place.project.id)
    }
    if not hooks:
        return ok("none; `screentime sync --watch` looks by itself and needs none.")
    dead = [one for one in hooks.values() if not reached(place, one["url"])]
    if dead and all(is_ours(one) for one in dead):
        return warning(
            f"{', '.join(one['url'] for one in dead)}: `screentime serve` was killed and does not answer there, and each"
            " label tries it.",
            f"`screentime serve` puts it right, or delete it at {place.project.url}/settings/webhooks .",
        )
    if dead:
        return warning(
            f"{', '.join(one['url'] for one in dead)}: nothing answers there, and each label tries it."
            " `screentime sync --watch` needs no webhook.",
            f"Delete it at {place.project.url}/settings/webhooks .",
        )
    ours = [one for one in hooks.values() if is_ours(one)]
    foreign = [one["url"] for one in ours if not is_service(place, base_of(one["url"]))]
    if foreign:
        return warning(
            f"{', '.join(foreign)}: `screentime serve` had its hints sent there, and {who_answers(foreign[0])} answers"
            " there now, which is sent the service's secret with each label.",
            f"`screentime serve` puts it right, or delete it at {place.project.url}/settings/webhooks .",
        )
    banned = [one["url"] for one in hooks.values() if urlsplit(one["url"]).hostname in LOOPBACK and _bans(place)]
    if banned:
        return warning(
            f"{', '.join(banned)}: Label Studio may not call this machine.",
            "Start it with LABEL_STUDIO_USE_DEFAULT_BANNED_SUBNETS=false, or do without: `screentime sync --watch`.",
        )
    by = " by `screentime serve`" if len(ours) == len(hooks) else ""
    return ok(f"{counted(len(hooks), 'webhook')}, answered{by}.")


def look_labels(place: Place) -> Finding:
    """labels.csv against what is labelled in Label Studio."""
    from screentime.labelstudio.answers import Answers
    from screentime.labelstudio.labels import judge
    from screentime.reviews import REVIEW

    workspace, project, answers = place.workspace, place.project, Answers()
    labels = workspace.labels()
    here = {label.uid: label.characters for label in labels if label.origin != REVIEW}
    # What a review overruled is labelled there too.
    asked = {frame.uid for frame in workspace.all_frames()} - {label.uid for label in labels if label.origin == REVIEW}
    answers.read(place.client, project, labels)
    said = judge(sorted(answers.tasks.values(), key=lambda task: task["id"]), workspace.schema(), labels)
    there = {label.uid: label.characters for label in said.labels if label.uid in asked}
    gone, new = here.keys() - there.keys(), there.keys() - here.keys()
    if gone:
        return warning(
            f"{len(gone)} of {len(here)} labels of labels.csv do not count in Label Studio any more.",
            "`screentime pull` brings them up to date, and what disappeared it keeps in labels-gone.csv, to be put back"
            " from there.",
        )
    if new:
        return warning(
            f"{len(there)} frames are labelled in Label Studio and {len(here)} of them in labels.csv.",
            "`screentime pull` brings them up to date.",
        )
    changed = sum(here[uid] != there[uid] for uid in here)
    if changed:
        return warning(
            f"{counted(changed, 'label')} of {len(here)} in labels.csv and in Label Studio differ.",
            "`screentime pull` brings them up to date.",
        )
    if said.problems:
        return warning(
            f"{counted(len(here), 'frame')} labelled, the same in labels.csv. {said.problems[0]}",
            "`screentime pull` says all that does not count.",
        )
    return ok(f"{counted(len(here), 'frame')} labelled, the same in labels.csv.")


def _labelled_here(place: Place) -> set[str]:
    """Uids in labels.csv; none where it is damaged, which is said of the labels."""
    try:
        return {label.uid for label in place.workspace.labels_as_pulled()}
    except ScreentimeError:
        return set()


def _bans(place: Place) -> bool:
    """Whether the embedded server was started so that it does not call this machine."""
    import psutil

    if not place.embedded or place.noted is None:
        return False
    try:
        given = psutil.Process(place.noted.pid).environ()
    except (psutil.Error, OSError):
        return False
    return given.get("LABEL_STUDIO_USE_DEFAULT_BANNED_SUBNETS", "true").lower() not in ("false", "0")


CHECKS = (
    Check("Label config", look_label_config), *task_checks.CHECKS, *pictures.CHECKS,
    # First: a version of which nothing is there cannot be shown.
    Check("Pre-annotations", look_preannotations, mend_preannotations), Check("Model version", look_version, mend_version),
    Check("Retrieving", look_retrieving, mend_retrieving), Check("Webhooks", look_webhooks), Check("Labels", look_labels),
)
