"""What people change by hand in Label Studio: each outcome as docs/label-studio.md tells it, on the real server."""


import json
import shutil

import pytest
from label_studio_sdk.core.api_error import ApiError

from screentime.demo.annotator import Annotator, truth_of
from screentime.errors import ConfigError, NotReady, ScreentimeError, ServerError
from screentime.labels_table import COLUMNS
from screentime.labelstudio.client import speaking
from screentime.labelstudio.predictions import prediction_versions, shown_version
from screentime.otherfilms import audit_film
from screentime.projects import begin, extract_films
from screentime.puttingback import put_back, read_copy
from screentime.rounds import Loop
from screentime.talk import Talk
from screentime.workspace import Workspace
from scripts.faults import snapshot


class Heard(Talk):
    def __init__(self):
        self.sentences = []

    def say(self, sentence):
        self.sentences.append(sentence)


@pytest.fixture(scope="module")
def once(cartoon, colour_backbone, ls_home, ls_server, tmp_path_factory):
    """A project with ten labels and a round, made once; and the server's database as it is then."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCREENTIME_HOME", str(ls_home))
        patch.delenv("LABEL_STUDIO_URL", raising=False)
        workspace = begin(
            tmp_path_factory.mktemp("by hand") / "project", [cartoon[0]], ("cat", "mouse"), backbone=str(colour_backbone),
            view="whole", first_batch=24, every=4, batch=6, audit_every=3,
        )
        extract_films(workspace, workspace.config(), Talk())
        loop = Loop(workspace, workspace.config(), Talk())
        loop.push()
        known = truth_of(loop.frames, cartoon[1], cartoon[0])
        annotator = Annotator(loop.link.client, loop.project(), loop.schema, known)
        annotator.label(loop.workspace.progress().tab, 10)
        loop.sync()
        kept = workspace.root.with_name("kept")
        shutil.copytree(workspace.root, kept)
        return workspace.root, kept, snapshot.keep(snapshot.database_of(ls_home))


@pytest.fixture
def labelled(once, ls_home, monkeypatch):
    """The project as it was made, on a server that is as it was then."""
    monkeypatch.setenv("SCREENTIME_HOME", str(ls_home))
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    root, kept, database = once
    shutil.rmtree(root)
    shutil.copytree(kept, root)
    snapshot.put_back(snapshot.database_of(ls_home), database)
    workspace = Workspace(root)
    return Loop(workspace, workspace.config(), Heard())


def afresh(loop):
    """What the next command starts with."""
    return Loop(loop.workspace, loop.workspace.config(), Heard())


def request(loop, method, path, **more):
    return loop.link.client.request(method, path, **more)


def number(loop):
    return loop.workspace.progress().project


def said(loop):
    return {label.uid: label.characters for label in loop.workspace.labels_as_pulled()}


def delete_tasks(loop, uids):
    for uid in uids:
        request(loop, "DELETE", f"api/tasks/{loop.workspace.progress().tasks[uid]}/")


def gone_sentence(loop, many):
    which = "1 label that was pulled before does" if many == 1 else f"{many} labels that were pulled before do"
    return (
        f"{which} not count in Label Studio any more; {loop.workspace.gone_table} keeps what they said, and"
        " `screentime push --labels labels-gone.csv` puts it back."
    )


def change_config(loop, change):
    path = f"api/projects/{number(loop)}/"
    request(loop, "PATCH", path, json={"label_config": change(request(loop, "GET", path)["label_config"])})


def renamed(config):
    return config.replace('value="mouse"', 'value="rat"')


def annotate(loop, uid, result, **more):
    task = loop.workspace.progress().tasks[uid]
    return request(loop, "POST", f"api/tasks/{task}/annotations/", json={"result": result, **more})["id"]


def choices(*names):
    return {"from_name": "characters", "to_name": "frame", "type": "choices", "value": {"choices": list(names)}}


OTHER_CONFIGS = {
    "another control": lambda config: config.replace('name="characters"', 'name="who"'),
    "quite another": lambda config: (
        '<View><Image name="i" value="$image"/><RectangleLabels name="r" toName="i"><Label value="x"/></RectangleLabels></View>'
    ),
}


def unlabelled(loop):
    return [frame.uid for frame in loop.frames if frame.uid not in said(loop)]


# -- tasks ----------------------------------------------------------------------------------------


def test_some_tasks_deleted_their_labels_are_kept_and_put_back(labelled):
    before = said(labelled)
    victims = list(before)[:3]
    delete_tasks(labelled, victims)
    loop = afresh(labelled)
    loop.pull()
    assert said(loop) == {uid: who for uid, who in before.items() if uid not in victims}
    assert loop.talk.sentences == [gone_sentence(loop, 3)]

    again = afresh(loop)
    copy = read_copy(again, again.workspace.gone_table)
    assert again.push() == (3, 37)
    assert put_back(again, copy) == 3 and put_back(again, copy) == 0
    assert again.talk.sentences[-2:] == ["3 labels were put back.", "0 labels were put back; 3 frames are answered already."]
    again.pull()
    assert said(again) == before


def test_all_tasks_deleted(labelled):
    before = said(labelled)
    delete_tasks(labelled, labelled.workspace.progress().tasks)
    loop = afresh(labelled)
    with pytest.raises(NotReady, match="There are 0 labels and training needs 8"):
        loop.sync()
    assert loop.talk.sentences == [gone_sentence(loop, 10)]
    again = afresh(loop)
    copy = read_copy(again, again.workspace.gone_table)
    assert again.push() == (40, 0)
    assert put_back(again, copy) == 10
    assert afresh(again).sync().labels == 10
    assert said(again) == before


def test_a_task_whose_uid_was_taken_away_or_is_none(labelled):
    first, second, *_ = said(labelled)
    tasks = labelled.workspace.progress().tasks
    for uid, instead in ((first, None), (second, 7)):
        data = request(labelled, "GET", f"api/tasks/{tasks[uid]}/")["data"]
        data = {**data, "uid": instead} if instead else {k: v for k, v in data.items() if k != "uid"}
        request(labelled, "PATCH", f"api/tasks/{tasks[uid]}/", json={"data": data})
    loop = afresh(labelled)
    loop.pull()
    assert len(said(loop)) == 8
    assert loop.talk.sentences == [
        f"2 labelled tasks were not made by screentime and do not count (the first is task {tasks[first]}).",
        gone_sentence(loop, 2),
    ]
    assert afresh(loop).push() == (2, 38)


def test_tasks_doubled_by_an_import(labelled):
    uid = unlabelled(labelled)[0]
    data = request(labelled, "GET", f"api/tasks/{labelled.workspace.progress().tasks[uid]}/")["data"]
    request(labelled, "POST", f"api/projects/{number(labelled)}/import", json=[
        {"data": data, "annotations": [{"result": [choices("cat")]}]}, {"data": {**data, "uid": "elsewhere"}},
    ])
    loop = afresh(labelled)
    assert loop.push() == (0, 40)
    loop.pull()
    # The label of the double is the frame's; the stranger has none.
    assert said(loop)[uid] == {"cat"} and len(said(loop)) == 11
    assert loop.sync().labels == 11


# -- label config -----------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [
    lambda config: config.replace("</Choices>", '<Choice value="dog" /></Choices>'),
    renamed,
    lambda config: config.replace('<Choice value="mouse" hotkey="2" />', ""),
], ids=["added", "renamed", "removed"])
def test_a_changed_label_config_stops_the_loop_keeps_the_labels_and_is_set_back_by_push(labelled, change):
    before = said(labelled)
    original = request(labelled, "GET", f"api/projects/{number(labelled)}/")["label_config"]
    change_config(labelled, change)
    assert request(labelled, "GET", f"api/projects/{number(labelled)}/")["label_config"] != original
    for step in ("pull", "sync"):
        with pytest.raises(ConfigError) as raised:
            getattr(afresh(labelled), step)()
        assert "`screentime push`" in raised.value.remedy
    assert said(labelled) == before
    afresh(labelled).push()
    loop = afresh(labelled)
    loop.pull()
    assert said(loop) == before and loop.talk.sentences == []


@pytest.mark.parametrize("change", OTHER_CONFIGS.values(), ids=OTHER_CONFIGS)
def test_label_studio_itself_keeps_a_control_that_labels_use(labelled, change):
    with pytest.raises(ServerError, match="Label Studio answered 400"), speaking("changing the label config"):
        change_config(labelled, change)


@pytest.mark.parametrize("change", OTHER_CONFIGS.values(), ids=OTHER_CONFIGS)
def test_another_label_config_before_the_first_label_is_set_back_by_push(labelled, change):
    for label in labelled.workspace.labels():
        request(labelled, "DELETE", f"api/annotations/{label.annotation}/")
    request(
        labelled, "DELETE", f"api/projects/{number(labelled)}/model-versions/",
        json={"model_version": labelled.workspace.progress().shown},
    )
    change_config(labelled, change)
    with pytest.raises(ConfigError, match=r"The label config has no Choices named 'characters'\."):
        afresh(labelled).pull()
    afresh(labelled).push()
    assert afresh(labelled).pull() == []


def test_a_choice_renamed_while_labels_use_both_names(labelled):
    before = said(labelled)
    change_config(labelled, renamed)
    uid = unlabelled(labelled)[0]
    made = annotate(labelled, uid, [choices("rat")])
    with pytest.raises(ConfigError) as raised:
        afresh(labelled).push()
    assert raised.value.what == (
        f"Project {number(labelled)} in Label Studio has labels that the characters of this workspace have no place"
        " for: rat."
    )
    assert raised.value.remedy.startswith("Add them to characters in screentime.toml. Or, in Label Studio, correct")
    assert said(labelled) == before
    # As the sentence says: corrected, the command goes through.
    request(labelled, "PATCH", f"api/annotations/{made}/", json={"result": [choices("mouse")]})
    afresh(labelled).push()
    loop = afresh(labelled)
    loop.pull()
    assert said(loop) == {**before, uid: {"mouse"}}


def test_a_character_renamed_in_the_options_loses_no_label(labelled):
    from screentime.findings import gather
    from screentime.summary import summary

    file = labelled.workspace.config_file
    kept = labelled.workspace.labels_table.read_text("utf-8")
    original = file.read_text("utf-8")
    file.write_text(original.replace('"mouse"', '"rat"'), "utf-8")
    sentence = "has labels of mouse, which .* does not name"
    for asks in (lambda: summary(labelled.workspace), lambda: afresh(labelled).train(), lambda: gather(labelled.workspace, None, [])):
        with pytest.raises(ConfigError, match=sentence):
            asks()
    with pytest.raises(ConfigError, match="has other characters or another mode than screentime.toml"):
        afresh(labelled).pull()
    with pytest.raises(ConfigError, match="have no place for: mouse"):
        afresh(labelled).push()
    assert labelled.workspace.labels_table.read_text("utf-8") == kept
    file.write_text(original, "utf-8")
    afresh(labelled).pull()
    assert labelled.workspace.labels_table.read_text("utf-8") == kept


# -- the project ------------------------------------------------------------------------------------


def test_a_deleted_project_is_made_again_with_its_labels_and_pre_annotations(labelled):
    before, old = said(labelled), number(labelled)
    request(labelled, "DELETE", f"api/projects/{old}/")
    for step in ("pull", "sync", "preannotate"):
        with pytest.raises((NotReady, ServerError)) as raised:
            getattr(afresh(labelled), step)()
        assert "`screentime push`" in raised.value.remedy
    assert said(labelled) == before
    loop = afresh(labelled)
    copy = read_copy(loop, loop.workspace.labels_table)
    assert loop.push() == (40, 0) and number(loop) != old
    assert put_back(loop, copy) == 10
    assert put_back(afresh(loop), copy) == 0
    synced = afresh(loop).sync()
    assert synced.labels == 10 and said(loop) == before
    assert prediction_versions(loop.link.client, loop.known_project()) == {synced.round.version: 30}
    assert shown_version(loop.link.client, loop.known_project()) == synced.round.version


@pytest.mark.parametrize("between", [False, True], ids=["at once", "after a pull"])
def test_a_deleted_project_s_audited_film_gets_its_labels_back_after_another_audit(labelled, tmp_path, between):
    from screentime.demo.cast import CHARACTERS
    from screentime.demo.film import draw_film

    film = tmp_path / "other.mp4"
    rows = draw_film(film, seconds=20, seed=6, size=(320, 180))
    truth = [frozenset(name for name, on in zip(CHARACTERS, row) if on) for row in rows]
    asked = audit_film(labelled, film, 4)
    [audited] = labelled.workspace.audited()
    known = truth_of(audited.frames, truth, film)
    tab = int(asked.url.split("tab=")[1].split("&")[0])
    assert Annotator(labelled.link.client, labelled.project(), labelled.schema, known).label(tab, 99) == 4
    afresh(labelled).pull()
    before = said(labelled)
    assert len(before) == 14
    request(labelled, "DELETE", f"api/projects/{number(labelled)}/")
    loop = afresh(labelled)
    copy = read_copy(loop, loop.workspace.labels_table)
    loop.push()
    # The project's own frames come by themselves, those of the other film do not.
    assert put_back(loop, copy) == 10
    assert loop.talk.sentences[-1] == "10 labels were put back; 4 belong to frames that are not in this project."
    if between:
        pulled = afresh(loop)
        pulled.pull()
        assert pulled.talk.sentences == [gone_sentence(pulled, 4)] and len(said(loop)) == 10
        copy = read_copy(loop, loop.workspace.gone_table)
    again = audit_film(afresh(loop), film, 4)
    assert (again.frames, again.created) == (4, 4)
    loop = afresh(loop)
    loop.push()
    assert put_back(loop, copy) == 4
    afresh(loop).pull()
    assert said(loop) == before


def test_a_deleted_project_pushed_without_its_labels_keeps_them_all(labelled):
    before = labelled.workspace.labels_table.read_text("utf-8")
    request(labelled, "DELETE", f"api/projects/{number(labelled)}/")
    loop = afresh(labelled)
    loop.push()
    loop.pull()
    assert said(loop) == {} and loop.workspace.gone_table.read_text("utf-8") == before
    assert loop.talk.sentences == [gone_sentence(loop, 10)]


def test_a_renamed_project_is_found_and_one_that_lost_its_mark_is_marked_again(labelled):
    old = number(labelled)
    request(labelled, "PATCH", f"api/projects/{old}/", json={"title": "Mine", "description": "What I think of it."})
    assert afresh(labelled).push() == (0, 40)
    assert number(labelled) == old
    kept = request(labelled, "GET", f"api/projects/{old}/")
    assert kept["title"] == "Mine"
    assert kept["description"] == f"What I think of it.\nscreentime workspace {labelled.config.project.id}"


# -- what the page shows ----------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["predictions deleted", "some deleted", "version reset", "tabs deleted", "tab changed"])
def test_what_the_page_shows_is_put_back_by_the_next_sync(labelled, fault):
    version = labelled.workspace.progress().shown
    client, project = labelled.link.client, labelled.known_project()
    tabs = request(labelled, "GET", "api/dm/views/", params={"project": project.id})
    if fault == "predictions deleted":
        request(labelled, "DELETE", f"api/projects/{project.id}/model-versions/", json={"model_version": version})
    elif fault == "some deleted":
        for one in request(labelled, "GET", "api/predictions/", params={"project": project.id})[:5]:
            request(labelled, "DELETE", f"api/predictions/{one['id']}/")
    elif fault == "version reset":
        request(labelled, "PATCH", f"api/projects/{project.id}/", json={"model_version": ""})
    elif fault == "tabs deleted":
        for tab in tabs:
            request(labelled, "DELETE", f"api/dm/views/{tab['id']}/")
    else:
        data = {**tabs[0]["data"], "filters": {"conjunction": "and", "items": []}}
        request(labelled, "PATCH", f"api/dm/views/{tabs[0]['id']}/", json={"project": project.id, "data": data})
    loop = afresh(labelled)
    synced = loop.sync()
    assert (synced.new, synced.round.version) == (False, version)
    assert prediction_versions(client, project) == {version: 30} and shown_version(client, project) == version
    now = request(loop, "GET", "api/dm/views/", params={"project": project.id})
    assert [one["data"]["title"] for one in now] == [one["data"]["title"] for one in tabs]
    assert now[0]["data"]["filters"] == tabs[0]["data"]["filters"]
    assert loop.workspace.progress().tab == now[0]["id"] and f"tab={now[0]['id']}&" in loop.workspace.progress().url


def test_a_tab_that_somebody_renamed_is_theirs(labelled):
    where = {"project": number(labelled)}
    first = request(labelled, "GET", "api/dm/views/", params=where)[0]
    data = {**first["data"], "title": "Mine"}
    request(labelled, "PATCH", f"api/dm/views/{first['id']}/", json={**where, "data": data})
    afresh(labelled).push()
    tabs = {tab["id"]: tab["data"]["title"] for tab in request(labelled, "GET", "api/dm/views/", params=where)}
    assert tabs[first["id"]] == "Mine" and list(tabs.values()).count("Label first") == 1


def test_a_removed_storage_is_made_again_by_push(labelled):
    where = {"project": number(labelled)}
    [storage] = request(labelled, "GET", "api/storages/localfiles/", params=where)
    request(labelled, "DELETE", f"api/storages/localfiles/{storage['id']}")
    afresh(labelled).push()
    [again] = request(labelled, "GET", "api/storages/localfiles/", params=where)
    assert again["path"] == storage["path"]


# -- annotations ------------------------------------------------------------------------------------


STRANGE = {
    "unknown choice": ([choices("dog")], "'dog' is no choice of this project"),
    "empty": ([], "nothing is chosen"),
    "another control": ([{**choices("cat"), "from_name": "who"}], "nothing is chosen"),
    "no value": ([{"from_name": "characters", "to_name": "frame", "type": "choices"}], "nothing is chosen"),
    "a value of text": ([{**choices("cat"), "value": "cat"}], "nothing is chosen"),
    "choices of text": ([{**choices(), "value": {"choices": "cat"}}], "nothing is chosen"),
    "a choice that is a list": ([{**choices(), "value": {"choices": [["cat"]]}}], "['cat']\" is no choice"),
    "text": (["cat"], "nothing is chosen"),
    "neither beside a character": ([choices("neither", "cat")], "'neither' is chosen together with a character"),
}


def test_annotations_with_strange_results_are_told_and_cost_no_other_label(labelled):
    before, sent = said(labelled), {}
    for uid, (name, (result, _)) in zip(unlabelled(labelled), STRANGE.items()):
        try:
            sent[name] = annotate(labelled, uid, result, lead_time=1.0)
        except ApiError as refused:
            assert refused.status_code in (400, 500), name  # Label Studio takes less than one could send
    assert {"unknown choice", "empty", "another control", "neither beside a character"} <= sent.keys()
    loop = afresh(labelled)
    loop.pull()
    assert said(loop) == before
    for name, annotation in sent.items():
        [told] = [one for one in loop.talk.sentences if f"annotation {annotation})" in one]
        assert STRANGE[name][1] in told and told.endswith("Label it again in Label Studio.")


def test_a_label_made_strange_is_kept_aside(labelled):
    uid, who = next(iter(said(labelled).items()))
    [label] = [one for one in labelled.workspace.labels() if one.uid == uid]
    request(labelled, "PATCH", f"api/annotations/{label.annotation}/", json={"result": [choices("dog")]})
    loop = afresh(labelled)
    loop.pull()
    assert uid not in said(loop) and loop.talk.sentences[-1] == gone_sentence(loop, 1)
    [kept] = read_copy(loop, loop.workspace.gone_table)
    assert (kept.uid, kept.characters) == (uid, who)


def test_deleted_annotations_are_no_labels_and_kept_aside_once(labelled):
    victims = labelled.workspace.labels()[:2]
    for label in victims:
        request(labelled, "DELETE", f"api/annotations/{label.annotation}/")
    loop = afresh(labelled)
    loop.pull()
    assert len(said(loop)) == 8 and loop.talk.sentences == [gone_sentence(loop, 2)]
    later = afresh(loop)
    later.pull()
    assert later.talk.sentences == []
    assert [one.uid for one in read_copy(later, later.workspace.gone_table)] == sorted(one.uid for one in victims)


def test_drafts_skips_ground_truth_and_imported_annotations(labelled):
    draft, skipped, truth, imported = unlabelled(labelled)[:4]
    tasks = labelled.workspace.progress().tasks
    request(labelled, "POST", f"api/tasks/{tasks[draft]}/drafts", json={"result": [choices("cat")]})
    annotate(labelled, skipped, [choices("cat")], was_cancelled=True)
    annotate(labelled, truth, [choices("cat")], ground_truth=True)
    data = request(labelled, "GET", f"api/tasks/{tasks[imported]}/")["data"]
    request(labelled, "POST", f"api/projects/{number(labelled)}/import", json=[
        {"data": data, "annotations": [{"result": [choices("mouse")], "completed_by": 1}]}
    ])
    loop = afresh(labelled)
    loop.pull()
    assert loop.talk.sentences == []
    assert draft not in said(loop) and skipped not in said(loop)
    assert said(loop)[truth] == {"cat"} and said(loop)[imported] == {"mouse"}
    assert loop.workspace.progress().skipped == (skipped,)


# -- putting labels back ----------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "what"), [
    (None, "cannot be read"), (",".join(COLUMNS) + "\n", "holds no labels."),
    ("uid,characters\nx,cat\n", r"is damaged \(line 1: its columns should be uid,film,"),
])
def test_a_copy_that_is_none_is_refused(labelled, tmp_path, text, what):
    file = tmp_path / "copy.csv"
    if text is not None:
        file.write_text(text, "utf-8")
    with pytest.raises(ScreentimeError, match=what):
        read_copy(labelled, file)


def test_a_copy_with_a_character_that_the_project_does_not_have_is_refused(labelled, tmp_path):
    file = tmp_path / "copy.csv"
    file.write_text(labelled.workspace.labels_table.read_text("utf-8").replace("mouse", "rat"), "utf-8")
    with pytest.raises(ConfigError, match=f"{file} has labels of rat, whom this project does not have"):
        read_copy(labelled, file)


def test_the_command_puts_back_what_the_project_s_folder_keeps(labelled):
    from typer.testing import CliRunner

    from screentime.cli import app

    before = said(labelled)
    victims = list(before)[:2]
    delete_tasks(labelled, victims)
    afresh(labelled).pull()
    arguments = ["push", "--workspace", str(labelled.workspace.root), "--labels", "labels-gone.csv", "--json"]
    ended = CliRunner().invoke(app, arguments)
    assert ended.exit_code == 0 and json.loads(ended.stdout)["put_back"] == 2
    assert "2 labels were put back." in ended.stderr
    afresh(labelled).pull()
    assert said(labelled) == before


def test_put_back_is_what_no_answer_that_counts_stands_for_and_how_it_came_about(labelled):
    """An emptied annotation is in nobody's way; what a review said of a frame is no label of its own."""
    before = {label.uid: label for label in labelled.workspace.labels()}
    victim = next(iter(before))
    found = request(labelled, "GET", f"api/tasks/{before[victim].task}/")["annotations"]
    request(labelled, "PATCH", f"api/annotations/{found[0]['id']}/", json={"result": []})
    afresh(labelled).pull()
    gone = labelled.workspace.root / "labels-gone.csv"
    text = gone.read_text("utf-8").replace(f",{before[victim].origin},", ",prediction-changed,")
    others = [uid for uid in labelled.workspace.progress().tasks if uid not in before]
    row = text.splitlines()[1].replace(victim, others[0]).replace(",prediction-changed,", ",review,")
    gone.write_text(f"{text}{row}\n", "utf-8")
    loop = afresh(labelled)
    assert put_back(loop, read_copy(loop, gone)) == 1
    loop = afresh(labelled)
    loop.pull()
    assert said(loop).keys() == before.keys()
    again = next(label for label in loop.workspace.labels() if label.uid == victim)
    assert (again.characters, again.origin) == (before[victim].characters, "prediction-changed")
    assert again.lead_time == before[victim].lead_time
