"""The tabs of the page, kept in step with the loop on a real server."""

from screentime.batches import SURE
from screentime.labelstudio import tasks
from screentime.labelstudio.notes import PREDICTED
from screentime.labelstudio.predictions import shown_version
from screentime.model.tables import read_predictions
from screentime.rounds import Loop
from screentime.summary import summary, suspects

OURS = ["Label first", "Confirm: sure", "Confirm: unsure", "Look again"]


def views(loop):
    return loop.link.client.request("GET", "api/dm/views/", params={"project": loop.project().id})


def listed(loop, url):
    """Uids of the frames of the tab that an address names, in its order."""
    tab = int(url.split("tab=")[1].split("&")[0])
    found = tasks.read_tasks(loop.link.client, loop.project(), view=tab, include="id,data")
    return [task["data"]["uid"] for task in found]


def noted(loop):
    found = tasks.read_tasks(loop.link.client, loop.project(), include="id,data")
    return {task["data"]["uid"]: task["data"]["says"] for task in found if "says" in task["data"]}


def predicted(loop):
    """Uid to what stands below its picture in the grid."""
    found = tasks.read_tasks(loop.link.client, loop.project(), include="id,data")
    return {task["data"]["uid"]: task["data"].get(PREDICTED) for task in found}


def expected(loop):
    """Uid to certainty of the frames that may be confirmed, and what the model says of each."""
    workspace, schema = loop.workspace, loop.schema
    progress = workspace.progress()
    rows = read_predictions(workspace.models_folder / workspace.rounds()[-1].version, loop.frames, schema)
    closed = {*progress.batch, *progress.blind, *progress.skipped, *progress.audits}
    closed |= {label.uid for label in workspace.labels()}
    certainty = {
        frame.uid: one for frame, one in zip(loop.frames, schema.certainty(rows)) if frame.uid not in closed
    }
    said = {
        frame.uid: ", ".join(sorted(schema.choose(schema.decode(row))))
        for frame, row in zip(loop.frames, schema.decide(rows))
    }
    return certainty, said


def confirm_together(loop, url):
    tab = int(url.split("tab=")[1])
    client, project = loop.link.client, loop.project()
    view = client.request("GET", f"api/dm/views/{tab}/")["data"]
    return client.request(
        "POST", "api/dm/actions", params={"id": "predictions_to_annotations", "tabID": tab, "project": project.id},
        json={
            "ordering": view["ordering"], "filters": view["filters"], "project": str(project.id),
            "selectedItems": {"all": True, "excluded": []}, "model_version": shown_version(client, project),
        },
    )["detail"]


def test_a_round_fills_the_tabs_and_what_is_confirmed_together_comes_with_the_next_pull(
    cartoon_loop, cartoon_annotator
):
    loop = cartoon_loop
    loop.push()
    before = [view["data"]["title"] for view in views(loop)]
    assert before == ["Label first", "All frames"]
    cartoon_annotator(24)
    loop.sync()
    progress, (certainty, said) = loop.workspace.progress(), expected(loop)
    sure = sorted((uid for uid in certainty if certainty[uid] >= SURE), key=lambda uid: (-certainty[uid], uid))
    unsure = sorted((uid for uid in certainty if certainty[uid] < SURE), key=lambda uid: (certainty[uid], uid))
    assert sure and unsure
    doubted = suspects(loop.workspace)
    assert doubted
    assert [view["data"]["title"] for view in views(loop)] == [*OURS, "All frames"]
    assert listed(loop, progress.confirm_sure) == sure
    assert listed(loop, progress.confirm_unsure) == unsure and progress.confirm_unsure.endswith("&labeling=1")
    looked = {
        label.uid: f"labelled {', '.join(loop.schema.choose(label.characters))}; the model: {', '.join(model)}"
        for label, model, _ in doubted
    }
    assert noted(loop) == looked
    below = predicted(loop)
    assert {uid: below[uid] for uid in sure} == {uid: said[uid] for uid in sure}
    told = summary(loop.workspace)
    assert [told["confirm_sure"], told["confirm_unsure"]] == [progress.confirm_sure, progress.confirm_unsure]

    # Without a new label nothing is made anew.
    standing = views(loop)
    assert not loop.sync().new
    assert views(loop) == standing and loop.workspace.progress() == progress

    assert confirm_together(loop, progress.confirm_sure) == f"Created {len(sure)} annotations"
    assert listed(loop, progress.confirm_sure) == []
    loop.pull()
    got = {label.uid: label for label in loop.workspace.labels() if label.uid in sure}
    assert {uid: (", ".join(sorted(loop.schema.choose(one.characters))), one.origin) for uid, one in got.items()} == {
        uid: (said[uid], "prediction") for uid in sure
    }
    again = loop.sync()
    assert again.new
    certainty, said = expected(loop)
    after = loop.workspace.progress()
    left = {uid for uid in certainty if certainty[uid] >= SURE}
    assert not left & set(sure)
    assert set(listed(loop, after.confirm_sure) if after.confirm_sure else []) == left
    below = predicted(loop)
    assert {uid: below[uid] for uid in left} == {uid: said[uid] for uid in left}
    assert noted(loop).keys() == {label.uid for label, _, _ in suspects(loop.workspace)}


def test_what_a_person_may_have_before_them_outlives_a_round(cartoon_loop, cartoon_annotator):
    loop = cartoon_loop
    loop.push()
    cartoon_annotator(24)
    loop.sync()

    def standing():
        found = loop.link.client.request("GET", "api/predictions/", params={"project": loop.project().id})
        return {one["task"]: (one["id"], one["model_version"]) for one in found}

    progress, before = loop.workspace.progress(), standing()
    cartoon_annotator(4)
    left = [progress.tasks[uid] for uid in progress.batch][4:]
    doubts = [progress.tasks[uid] for uid in listed(loop, progress.confirm_unsure)][:8]
    assert left and doubts
    loop.sync()
    after, version = standing(), loop.workspace.rounds()[-1].version
    assert {task for task, (number, _) in after.items() if number == before[task][0]} == {*left, *doubts}
    assert {shown for _, shown in after.values()} == {version}


def test_without_what_the_model_says_there_is_nothing_to_confirm_at_a_glance(
    cartoon_loop, cartoon_annotator, monkeypatch
):
    loop = cartoon_loop
    loop.push()
    cartoon_annotator(24)
    monkeypatch.setattr("screentime.labelstudio.notes.ACTION", "no_such_action")
    told = []
    monkeypatch.setattr(loop.talk, "say", told.append)
    loop.sync()
    [sentence] = [one for one in told if one.startswith("There is no tab")]
    assert "(while noting what the pre-annotations say)" in sentence
    assert [view["data"]["title"] for view in views(loop)] == ["Label first", "Confirm: unsure", "Look again", "All frames"]
    assert loop.workspace.progress().confirm_sure == ""


def test_the_tabs_go_when_there_is_nothing_to_confirm(cartoon_loop, cartoon_annotator):
    loop = cartoon_loop
    loop.push()
    cartoon_annotator(24)
    loop.sync()
    while (waiting := loop.workspace.progress()).batch and cartoon_annotator(40):
        Loop(loop.workspace, loop.config, loop.talk).sync()
    assert len(loop.workspace.labels()) == 40
    after = loop.workspace.progress()
    assert waiting.project == after.project and (after.confirm_sure, after.confirm_unsure) == ("", "")
    assert not {"Confirm: sure", "Confirm: unsure"} & {view["data"]["title"] for view in views(loop)}
