"""What goes wrong with a project in Label Studio, made for real: doctor names it, and mends what is safe."""

import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace

import psutil
import pytest

from screentime.doctor import project as checks
from screentime.doctor.finding import Finding
from screentime.doctor.place import Place
from screentime.doctor.running import CHECKS, walk
from screentime.labelstudio import server, webhooks
from screentime.labelstudio.tabs import delete_tab, show_tab
from screentime.labelstudio.tasks import read_tasks
from screentime.service.hub import kept_secret
from screentime.talk import Talk
from scripts.faults.faulty import LATE, LATE_SECONDS, FaultyProxy, Plan

FIX = "`screentime doctor --fix`"


@pytest.fixture
def project(patient):
    """Sets or reads the project's settings."""
    def ask(**changes):
        return patient.client.request("PATCH" if changes else "GET", f"api/projects/{patient.number}/", json=changes or None)

    return ask


def annotations(patient):
    """All labels: number, moment of the last change, choices."""
    tasks = read_tasks(patient.client, patient.loop.project(), fields="all")
    return [(one["id"], one["updated_at"], one["result"]) for task in tasks for one in task["annotations"]]


# -- 1. Predictions not showing --------------------------------------------------------------------


def test_hidden_predictions_are_shown_again(patient, project):
    project(show_collab_predictions=False)
    found = patient.look("Pre-annotations")
    assert found == Finding(
        "Pre-annotations", "failed",
        "Label Studio hides pre-annotations: \"Show predictions to annotators\" is off in the project's settings.",
        f"{FIX} switches it on.", code=2,
    )
    assert project()["show_collab_predictions"] is False
    mended = patient.mend("Pre-annotations")
    assert mended.fixed == "the page shows predictions to annotators again."
    assert (mended.state, project()["show_collab_predictions"]) == ("ok", True)


def test_deleted_predictions_are_written_again(patient, project):
    labels = annotations(patient)
    patient.client.request(
        "DELETE", f"api/projects/{patient.number}/model-versions/", json={"model_version": patient.version}
    )
    found = patient.look("Pre-annotations")
    assert (found.state, found.sentence) == ("failed", f"16 of 16 open frames have no pre-annotation of {patient.version}.")
    assert found.fix == f"{FIX} or `screentime preannotate` writes them again."
    # The version alone cannot be shown: nothing is there of it.
    assert patient.mend("Model version").fix == "`screentime preannotate` shows them again."
    mended = patient.mend("Pre-annotations")
    assert (mended.state, mended.fixed) == ("ok", "wrote 16 pre-annotations again.")
    assert mended.sentence == f"all 16 open frames have one of {patient.version}, and the page may show them."
    assert project()["model_version"] == patient.version
    assert annotations(patient) == labels


def test_a_version_whose_predictions_are_gone_is_shown_in_one_mending(patient, project):
    patient.client.request(
        "DELETE", f"api/projects/{patient.number}/model-versions/", json={"model_version": patient.version}
    )
    project(model_version="")
    checks = [one for one in CHECKS if one.name in ("Model version", "Pre-annotations")]
    found = walk(Place(patient.root), checks, lambda one: None, Talk(), mend=True)
    assert {one.state for one in found} == {"ok"}
    assert project()["model_version"] == patient.version


# -- 2. model_version confusion --------------------------------------------------------------------


@pytest.mark.parametrize(("other", "words"), [("", "none: its model version is empty"), ("older", "those of older")])
def test_another_model_version_is_set_right(patient, project, other, words):
    if other:
        task = patient.loop.workspace.progress().tasks[patient.loop.frames[0].uid]
        patient.client.request(
            "POST", "api/predictions/", json={"task": task, "model_version": other, "score": 0.5, "result": []}
        )
    project(model_version=other)
    found = patient.look("Model version")
    assert found.sentence == f"Label Studio shows not the pre-annotations of {patient.version} but {words}."
    assert (found.state, found.fix, found.code) == ("failed", f"{FIX} shows them again.", 1)
    mended = patient.mend("Model version")
    assert (mended.state, mended.fixed) == ("ok", f"the page shows {patient.version} again.")
    assert project()["model_version"] == patient.version
    patient.mend("Retrieving")


def test_a_connected_model_is_named_and_left_alone(patient, listening):
    answers = {"/health": {"status": "UP", "model_class": "Other"}, "/setup": {"model_version": "other"}}
    with listening(answers) as port:
        made = patient.client.request(
            "POST", "api/ml", json={"project": patient.number, "url": f"http://127.0.0.1:{port}", "title": "Other"}
        )
        found = patient.mend("Model version")
        assert found.sentence == (
            f"The model 'Other' at http://127.0.0.1:{port} is connected to the project: its predictions take the place of"
            " the pre-annotations."
        )
        assert found.fix == f"Disconnect it at {patient.loop.project().url}/settings/ml , then {FIX}."
        assert (found.state, found.code, found.fixed) == ("failed", 2, "")
        patient.client.request("DELETE", f"api/ml/{made['id']}")
    assert patient.mend("Model version").state == "ok"
    # Label Studio made a webhook for the model, and leaves it behind when the model is disconnected.
    stale = patient.look("Webhooks")
    assert stale.sentence.startswith(f"http://127.0.0.1:{port}/webhook: nothing answers there, ")
    for hook in patient.client.request("GET", "api/webhooks/", params={"project": patient.number}):
        patient.client.request("DELETE", f"api/webhooks/{hook['id']}/")


@pytest.fixture
def connected(cartoon_loop, examine, ls_home, free_port):
    """A project with which the service is connected as a person does it; what the doctor says of it, and of models by hand."""
    cartoon_loop.push()
    client, number = cartoon_loop.link.client, cartoon_loop.known_project().id
    kept_secret(ls_home)

    class Connected:
        loop, url = cartoon_loop, f"http://127.0.0.1:{free_port}"
        settings = f"{cartoon_loop.known_project().url}/settings/ml"

        def connect(self, url=url):
            secret = (ls_home / "hint-secret").read_text().strip()
            given = {"auth_method": "BASIC_AUTH", "basic_auth_user": "x", "basic_auth_pass": secret}
            return client.request("POST", "api/ml", json={"project": number, "url": url, "title": "s", **given})

        def disconnect(self, made):
            client.request("DELETE", f"api/ml/{made['id']}")

        def look(self, **mend):
            found = examine(cartoon_loop.workspace.root, "Model version", **mend)
            return found.state, found.sentence, found.fix

    return Connected()


def test_the_service_is_known_as_the_connected_model_from_its_start_to_after_its_end(
    connected, cartoon_annotator, serve, free_port, ls_home
):
    loop, workspace = connected.loop, connected.loop.workspace
    service = serve([workspace.root], "--poll", "0.5", port=free_port)
    made = connected.connect()
    # Before the first round it has no version to tell.
    assert connected.look() == ("left out", "no pre-annotations were written yet.", "")
    cartoon_annotator(24)
    service.until(lambda: workspace.progress().shown, "no round came")
    service.until(lambda: service.project("project")["doing"] == "waiting", "it never rested")
    version = workspace.progress().shown
    assert connected.look(mend=True) == (
        "ok", f"the page shows {version}, the latest; `screentime serve` is the connected model.", ""
    )
    assert service.end()[0] == 0
    silent = (
        "warning", f"The model 's' at {connected.url} is connected to the project, and nothing answers there.",
        f"Start `screentime serve` there, or disconnect it at {connected.settings} .",
    )
    assert connected.look(mend=True) == silent
    # Nor does a round that it knows nothing of make a fault of it.
    cartoon_annotator(6)
    loop.sync()
    assert workspace.progress().shown != version
    assert connected.look() == silent
    # What is wrong beside it is mended all the same.
    loop.link.client.request("PATCH", f"api/projects/{loop.known_project().id}/", json={"model_version": ""})
    assert connected.look()[0] == "failed"
    assert connected.look(mend=True) == silent
    # A new service has a new secret where the old one is gone.
    (ls_home / "hint-secret").unlink()
    service = serve([workspace.root], port=free_port)
    state, sentence, fix = connected.look()
    assert (state, sentence) == (
        "warning", f"`screentime serve` is the connected model, at {connected.url}, and Label Studio gets nothing of it."
    )
    assert fix.startswith(f"See that its password at {connected.settings} is the line in hint-secret, and that ")
    connected.disconnect(made)
    connected.connect()
    assert connected.look(mend=True)[0] == "ok"


def test_a_model_that_only_tells_our_version_is_not_the_service(patient, listening):
    answers = {"/health": {"status": "UP", "model_class": "Other"}, "/setup": {"model_version": patient.version}}
    with listening(answers) as port:
        made = patient.client.request(
            "POST", "api/ml", json={"project": patient.number, "url": f"http://127.0.0.1:{port}", "title": "Other"}
        )
        try:
            found = patient.look("Model version")
            assert (found.state, found.sentence[:11]) == ("failed", "The model '")
        finally:
            patient.client.request("DELETE", f"api/ml/{made['id']}")
            for hook in patient.client.request("GET", "api/webhooks/", params={"project": patient.number}):
                patient.client.request("DELETE", f"api/webhooks/{hook['id']}/")


def test_a_model_that_answers_by_errors_shows_nothing(connected, listening):
    answers = {"/health": {"status": "UP"}, "/setup": {"model_version": "1"}}
    with listening(answers) as port:
        url = f"http://127.0.0.1:{port}"
        connected.connect(url)
        del answers["/setup"]
        assert connected.look() == (
            "warning", f"The model 's' at {url} is connected to the project, and answers Label Studio by errors.",
            f"Mend it, or disconnect it at {connected.settings} .",
        )


# -- 3. Training not triggered, stale webhooks -----------------------------------------------------


def test_the_webhook_of_a_killed_service_is_known(patient, free_port):
    project, url = patient.loop.project(), f"http://127.0.0.1:{free_port}/hint/x"
    webhooks.ensure(patient.client, project, url, "secret")
    try:
        found = patient.look("Webhooks")
        assert (found.state, found.sentence) == (
            "warning",
            f"{url}: `screentime serve` was killed and does not answer there, and each label tries it.",
        )
        assert found.fix == f"`screentime serve` puts it right, or delete it at {project.url}/settings/webhooks ."
    finally:
        webhooks.remove(patient.client, project)


def test_the_service_s_webhook_is_answered_by_the_service_alone(connected, serve, examine, free_port):
    loop = connected.loop
    service = serve([loop.workspace.root], port=free_port)
    url = f"{connected.url}/hint/{loop.config.project.id}"

    def hooks():
        return loop.link.client.request("GET", "api/webhooks/", params={"project": loop.known_project().id})

    service.until(hooks, "no webhook was made")
    assert examine(loop.workspace.root, "Webhooks").sentence == "1 webhook, answered by `screentime serve`."
    service.end(signal.SIGKILL)
    assert examine(loop.workspace.root, "Webhooks").sentence.startswith(f"{url}: `screentime serve` was killed ")
    other = subprocess.Popen(
        [sys.executable, "-m", "http.server", str(free_port), "--bind", "127.0.0.1"], cwd=loop.workspace.models_folder.parent,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while "was killed" in (found := examine(loop.workspace.root, "Webhooks")).sentence:
            assert time.monotonic() < deadline
        assert found == Finding(
            "Webhooks", "warning",
            f"{url}: `screentime serve` had its hints sent there, and {psutil.Process(other.pid).name()} (process"
            f" {other.pid}) answers there now, which is sent the service's secret with each label.",
            f"`screentime serve` puts it right, or delete it at {loop.known_project().url}/settings/webhooks .",
        )
    finally:
        other.kill()
        other.wait()


def test_a_webhook_that_leads_nowhere_is_named_and_left_alone(patient, free_port):
    assert patient.look("Webhooks").sentence == "none; `screentime sync --watch` looks by itself and needs none."
    url = f"http://127.0.0.1:{free_port}/hook"
    made = patient.client.request("POST", "api/webhooks/", json={"project": patient.number, "url": url})
    try:
        found = patient.mend("Webhooks")
        assert found == Finding(
            "Webhooks", "warning",
            f"{url}: nothing answers there, and each label tries it. `screentime sync --watch` needs no webhook.",
            f"Delete it at {patient.loop.project().url}/settings/webhooks .",
        )
        with socket.create_server(("127.0.0.1", free_port)):
            assert patient.look("Webhooks").sentence == "1 webhook, answered."
    finally:
        patient.client.request("DELETE", f"api/webhooks/{made['id']}/")


# -- 4. Retrieving predictions times out ----------------------------------------------------------


def test_old_predictions_are_cleared_away(patient):
    tasks = list(patient.loop.workspace.progress().tasks.values())[:3]
    old = [{"task": task, "model_version": "v000-old", "score": 0.5, "result": []} for task in tasks]
    patient.client.request("POST", f"api/projects/{patient.number}/import/predictions", json=old)
    found = patient.look("Retrieving")
    assert (found.state, found.fix) == ("warning", f"{FIX} or the next `screentime sync` clears them away.")
    assert found.sentence == "3 pre-annotations of older versions (v000-old) are left and make the page slower."
    mended = patient.mend("Retrieving")
    assert (mended.state, mended.fixed) == ("ok", "deleted 3 pre-annotations of older versions.")
    assert patient.look("Pre-annotations").state == "ok"


def test_a_page_that_takes_too_long_is_named(patient, monkeypatch, ls_home, ls_server):
    proxy = FaultyProxy(ls_server.port)
    monkeypatch.setenv("LABEL_STUDIO_URL", proxy.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", server.credentials(ls_home).token)
    monkeypatch.setattr(checks, "SLOW_SECONDS", LATE_SECONDS)
    try:
        before = patient.look("Retrieving")
        assert before.state == "ok", before
        proxy.listen(Plan("GET /api/tasks", LATE, always=True))
        found = patient.look("Retrieving")
        assert proxy.hits == 1
    finally:
        proxy.close()
    assert found.state == "warning"
    said = re.fullmatch(
        r"A page of 100 frames with their pre-annotations is read in (\d+\.\d) s, and people wait as long\.", found.sentence
    )
    assert float(said[1]) >= LATE_SECONDS
    assert found.fix.startswith("See what else keeps Label Studio's machine busy. ")


def test_a_server_that_is_too_slow_is_named(patient, monkeypatch):
    # It takes the connection and never answers.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("LABEL_STUDIO_URL", url)
        found = patient.look("Server", patience=0.5)
        assert found.sentence == f"Label Studio did not answer in time (while asking {url} for its version)."
        assert found.state == "failed"
        assert patient.look("Retrieving", patience=0.5).sentence == "Label Studio is not reached."


# -- 5. Local files and images not loading --------------------------------------------------------


def test_a_missing_storage_is_made_again(patient):
    assert patient.look("Pictures").sentence == "3 frames fetched as the page does: each is its picture."
    [storage] = patient.client.request("GET", "api/storages/localfiles/", params={"project": patient.number})
    patient.client.request("DELETE", f"api/storages/localfiles/{storage['id']}")
    found = patient.look("Pictures")
    task = min(patient.loop.workspace.progress().tasks.values())
    assert found.sentence.startswith(f"Label Studio answers 404 for the picture of task {task} (/data/local-files/?d=")
    assert found.sentence.endswith("): the project has no storage that lets the page read the frames.")
    assert found.fix == f"{FIX} lets the page read them again, and makes missing frames again before."
    mended = patient.mend("Pictures")
    assert (mended.state, mended.fixed) == ("ok", "the storage that lets the page read the frames was made again.")


def test_a_folder_that_is_served_no_more_is_served_again(patient, ls_home):
    link = ls_home / "labelstudio" / "files" / patient.loop.config.project.id
    link.unlink()
    found = patient.look("Pictures")
    assert found.sentence.endswith("): its storage is there, and the file is not where it looks.")
    mended = patient.mend("Pictures")
    assert mended.state == "ok" and link.is_symlink()


def test_a_task_that_names_another_server_does_not_get_the_token(patient, listening):
    task = min(patient.loop.workspace.progress().tasks.values())
    data = patient.client.request("GET", f"api/tasks/{task}/")["data"]
    with listening({"/data/x.jpg": {}}) as port:
        elsewhere = f"http://127.0.0.1:{port}/data/x.jpg"
        patient.client.request("PATCH", f"api/tasks/{task}/", json={"data": {**data, "image": elsewhere}})
        found = patient.look("Pictures")
        patient.client.request("PATCH", f"api/tasks/{task}/", json={"data": data})
    assert found.sentence == f"Task {task} names a picture that Label Studio does not serve ({elsewhere})."
    assert patient.look("Pictures").state == "ok"


def test_a_file_that_is_no_picture_is_named(patient):
    first = min(patient.loop.workspace.progress().tasks.items(), key=lambda one: one[1])[0]
    file = patient.root / next(one.file for one in patient.loop.frames if one.uid == first)
    whole = file.read_bytes()
    file.write_bytes(b"no picture")
    try:
        found = patient.look("Pictures")
        assert (found.state, found.sentence.endswith(") is no picture.")) == ("failed", True)
    finally:
        file.write_bytes(whole)


# -- 8. What to label next ------------------------------------------------------------------------


def test_a_deleted_tab_is_made_again(patient):
    progress = patient.loop.workspace.progress()
    patient.client.request("DELETE", f"api/dm/views/{progress.tab}/")
    found = patient.look("What to label next")
    assert (found.state, found.sentence) == ("failed", "The tab Label first is not in Label Studio any more.")
    mended = patient.mend("What to label next")
    now = patient.loop.workspace.progress()
    assert (mended.state, mended.sentence) == ("ok", f"6 frames in the order in which they teach most, at {now.url}")
    assert mended.fixed == "the tab Label first hands out the frames that were asked for."
    assert now.batch == progress.batch and now.tab != progress.tab


@pytest.mark.parametrize(
    ("frames", "words"),
    [(slice(0, 3), "hands out 3 frames, not the 6 that were asked for"), (slice(0, 6), "hands its frames out in another order")],
)
def test_a_changed_tab_is_set_right(patient, frames, words):
    batch = patient.loop.workspace.progress().batch
    show_tab(patient.client, patient.loop.project(), "Label first", batch[frames], ordering="-tasks:predictions_score", answered=False)
    found = patient.look("What to label next")
    assert (found.sentence, found.fix) == (f"The tab Label first {words}.", f"{FIX} sets it right.")
    assert patient.mend("What to label next").state == "ok"


def test_pages_at_an_address_where_the_server_was_are_named_anew(patient):
    workspace = patient.loop.workspace
    progress = workspace.progress()
    here = patient.client.url
    workspace.update_progress(url=progress.url.replace(here, "http://127.0.0.1:1"))
    found = patient.look("What to label next")
    assert (found.state, found.sentence) == (
        "warning", f"The pages that were named lie at http://127.0.0.1:1, and Label Studio is at {here} now."
    )
    assert patient.mend("What to label next").state == "ok"
    assert workspace.progress().url == progress.url


# -- 9. Confirming many at once -------------------------------------------------------------------


def test_the_tab_to_confirm_in_is_made_again(patient):
    progress = patient.loop.workspace.progress()
    assert progress.confirm_sure, "no frame of the drawn film is sure"
    assert patient.look("Confirming many").sentence == "the action and the tab Confirm: sure are there."
    patient.client.request("DELETE", f"api/dm/views/{progress.confirm_sure.rpartition('=')[2]}/")
    found = patient.look("Confirming many")
    assert (found.state, found.sentence, found.fix) == (
        "failed", "The tab Confirm: sure is not in Label Studio any more.", f"{FIX} makes it again."
    )
    mended = patient.mend("Confirming many")
    assert (mended.state, mended.fixed) == ("ok", "the tabs were made again.")


def test_tabs_that_are_gone_are_named_together(patient):
    progress, project = patient.loop.workspace.progress(), patient.loop.project()
    for title in ("Confirm: unsure", "Look again"):
        delete_tab(patient.client, project, title)
    patient.loop.workspace.update_progress(confirm_unsure="http://x/?tab=1", look_again="http://x/?tab=2")
    found = patient.look("Other tabs")
    assert found.sentence == "The tabs Confirm: unsure and Look again are not in Label Studio any more."
    assert found.fix == f"{FIX} makes them again."
    mended, now = patient.mend("Other tabs"), patient.loop.workspace.progress()
    assert (mended.state, mended.fixed) == ("ok", "the tabs were made again.")
    assert [bool(now.confirm_unsure), bool(now.look_again)] == [bool(progress.confirm_unsure), bool(progress.look_again)]


# -- 10. Re-import makes duplicates ---------------------------------------------------------------


def copied(patient, *frames):
    """Imports the tasks of frames once more, as a person does by hand; the new numbers."""
    tasks = {one["id"]: one for one in read_tasks(patient.client, patient.loop.project(), include="id,data")}
    known = patient.loop.workspace.progress().tasks
    return patient.client.request(
        "POST", f"api/projects/{patient.number}/import", params={"return_task_ids": "true"},
        json=[{"data": tasks[known[frame.uid]]["data"]} for frame in frames],
    )["task_ids"]


CAT = {"result": [{"from_name": "characters", "to_name": "frame", "type": "choices", "value": {"choices": ["cat"]}}]}


def numbers(patient):
    return {one["id"] for one in read_tasks(patient.client, patient.loop.project(), include="id")}


def frames_by_label(patient):
    """Frames that have a label, and those that have none."""
    labelled = {one.uid for one in patient.loop.workspace.labels()}
    return [[one for one in patient.loop.frames if (one.uid in labelled) == yes] for yes in (True, False)]


def test_doubled_tasks_without_a_label_are_deleted(patient):
    labels, before = annotations(patient), numbers(patient)
    labelled, free = frames_by_label(patient)
    twice = copied(patient, labelled[0], labelled[1], free[0])
    patient.client.request("POST", f"api/tasks/{twice[0]}/annotations/", json=CAT)
    found = patient.look("Tasks")
    assert (found.state, found.code) == ("failed", 2)
    assert found.sentence == "3 frames of 40 have more than one task: tasks were imported twice."
    assert found.fix == f"{FIX} deletes the 2 that nobody labelled or began to label."
    mended = patient.mend("Tasks")
    assert (mended.state, mended.fixed) == ("warning", "deleted 2 doubled tasks without a label.")
    assert mended.sentence == "1 frame of 40 have more than one task, and all are labelled; each person's newest label counts."
    assert mended.fix == "Leave them: with a task its label would be deleted."
    assert numbers(patient) == before | {twice[0]}
    assert [one for one in annotations(patient) if one in labels] == labels
    patient.client.request("DELETE", f"api/tasks/{twice[0]}/")
    assert patient.look("Tasks").sentence == "each of 40 frames has one."


def test_a_labelled_copy_outlives_the_task_that_nobody_labelled(patient):
    workspace, [_, free] = patient.loop.workspace, frames_by_label(patient)
    frame = free[0]
    first = workspace.progress().tasks[frame.uid]
    [copy] = copied(patient, frame)
    patient.client.request("POST", f"api/tasks/{copy}/annotations/", json=CAT)
    labels = annotations(patient)
    # The frame has its label: it waits for no pre-annotation, whatever its other task has.
    for one in patient.client.request("GET", "api/predictions/", params={"task": first}):
        patient.client.request("DELETE", f"api/predictions/{one['id']}/")
    assert patient.look("Pre-annotations").sentence.startswith("all 15 open frames have one of ")
    assert patient.look("Tasks").fix == f"{FIX} deletes the 1 that nobody labelled or began to label."
    mended = patient.mend("Tasks")
    assert (mended.state, mended.sentence) == ("ok", "each of 40 frames has one.")
    assert mended.fixed == "deleted 1 doubled task without a label."
    assert first not in numbers(patient) and copy in numbers(patient)
    assert workspace.progress().tasks[frame.uid] == copy
    assert annotations(patient) == labels
    assert patient.look("Pre-annotations").state == "ok"
    # As it was: the copy is the frame's task from now on, and open again.
    [label] = patient.client.request("GET", f"api/tasks/{copy}/annotations/")
    patient.client.request("DELETE", f"api/annotations/{label['id']}/")
    assert patient.mend("Pre-annotations").fixed == "wrote 16 pre-annotations again."
    assert patient.look("Retrieving").state == "ok"
    assert patient.mend("What to label next").state == "ok"


def test_a_draft_is_named_and_never_deleted(patient):
    before, [labelled, free] = numbers(patient), frames_by_label(patient)
    beside, alone = copied(patient, labelled[0], free[0])
    known = patient.loop.workspace.progress().tasks
    for task in (beside, known[free[0].uid]):
        patient.client.request("POST", f"api/tasks/{task}/drafts", json=CAT | {"lead_time": 1.0})
    assert patient.look("Tasks").fix == f"{FIX} deletes the 1 that nobody labelled or began to label."
    mended = patient.mend("Tasks")
    assert (mended.state, mended.fixed) == ("warning", "deleted 1 doubled task without a label.")
    assert mended.sentence == f"1 frame of 40 have more than one task; the draft of task {beside} was not submitted."
    url = patient.loop.project().url
    assert mended.fix == f"Submit or discard it at {url}/data?task={beside} , then {FIX}."
    assert numbers(patient) == before | {beside}
    again = patient.mend("Tasks")
    assert (again.state, again.fixed) == ("warning", "")
    for task in (beside, known[free[0].uid]):
        for draft in patient.client.request("GET", f"api/tasks/{task}/drafts"):
            patient.client.request("DELETE", f"api/drafts/{draft['id']}/")
    assert patient.mend("Tasks").state == "ok"
    assert numbers(patient) == before


# -- and what else goes wrong -----------------------------------------------------------------------


def test_labels_that_were_not_pulled_are_named(patient):
    table = patient.loop.workspace.labels_table
    kept = table.read_text("utf-8")
    table.write_text("\n".join(kept.splitlines()[:-2]) + "\n", "utf-8")
    found = patient.look("Labels")
    table.write_text(kept, "utf-8")
    assert found.sentence == "24 frames are labelled in Label Studio and 22 of them in labels.csv."
    assert (found.state, found.fix) == ("warning", "`screentime pull` brings them up to date.")
    assert patient.look("Labels").sentence == "24 frames labelled, the same in labels.csv."


def test_labels_that_cannot_count_are_no_reason_to_pull(patient):
    [free, *_] = frames_by_label(patient)[1]
    task = patient.loop.workspace.progress().tasks[free.uid]
    strange = {"result": [CAT["result"][0] | {"value": {"choices": ["dog"]}}]}
    made = [patient.client.request("POST", f"api/tasks/{task}/annotations/", json=strange)]
    table = patient.loop.workspace.labels_table
    kept = table.read_bytes()
    try:
        patient.loop.pull()
        assert table.read_bytes() == kept
        found = patient.look("Labels")
    finally:
        for one in made:
            patient.client.request("DELETE", f"api/annotations/{one['id']}/")
    assert found.state == "warning"
    assert found.sentence.startswith("24 frames labelled, the same in labels.csv. The frame at ")
    assert f"(task {task}, annotation {made[0]['id']}) does not count: " in found.sentence
    assert found.fix == "`screentime pull` says all that does not count."
    assert patient.look("Labels").state == "ok"


def test_labels_that_differ_or_are_gone_are_named(patient):
    workspace = patient.loop.workspace
    kept, labels = workspace.labels_table.read_bytes(), workspace.labels()
    other = replace(labels[0], characters=frozenset({"cat", "mouse"}) - labels[0].characters)
    try:
        workspace.write_labels([other, *labels[1:]])
        found = patient.look("Labels")
        assert found.sentence == "1 label of 24 in labels.csv and in Label Studio differ."
        strange = replace(labels[0], uid=frames_by_label(patient)[1][0].uid)
        workspace.write_labels([*labels, strange])
        found = patient.look("Labels")
        assert found.sentence == "1 of 25 labels of labels.csv do not count in Label Studio any more."
        assert "labels-gone.csv" in found.fix
    finally:
        workspace.labels_table.write_bytes(kept)


def test_a_changed_label_config_is_named(patient, project):
    kept = project()["label_config"]
    project(label_config=kept.replace("</Choices>", '<Choice value="dog"/></Choices>'))
    found = patient.look("Label config")
    project(label_config=kept)
    assert (found.state, found.code) == ("failed", 2)
    assert found.sentence == (
        f"Project {patient.number} in Label Studio has other characters or another mode than screentime.toml."
    )
    assert patient.look("Label config").sentence == f"{patient.loop.project().url} asks for neither, cat, mouse."


def test_a_project_that_is_gone_is_named_once(patient):
    kept = patient.loop.workspace.progress()
    patient.loop.workspace.update_progress(project=99999)
    said = {name: patient.look(name) for name in ("Label config", "Tasks", "Pictures", "Webhooks")}
    patient.loop.workspace.update_progress(project=kept.project)
    gone = said.pop("Label config")
    assert gone.sentence == f"Project 99999 is no longer in Label Studio at {patient.client.url}."
    assert gone.fix == "Make it again, with the labels: `screentime push --labels labels.csv`."
    assert {(one.state, one.sentence) for one in said.values()} == {("left out", "project 99999 is not in Label Studio.")}
