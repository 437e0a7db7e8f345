"""The loop on a real server, with a drawn film and a real SavedModel."""

import json
import os
import signal
import subprocess
import sys

import pytest

from screentime.config import override
from screentime.errors import Busy, ConfigError, NotReady
from screentime.labelstudio.marks import read_marks
from screentime.labelstudio.predictions import prediction_versions, shown_version
from screentime.labelstudio.stream import next_task, skip
from screentime.labelstudio.tasks import list_tasks, read_tasks
from screentime.rounds import Loop
from screentime.summary import characters, seconds_so_far, suspects, widest
from screentime.talk import Talk


class Heard(Talk):
    def __init__(self):
        self.sentences = []

    def say(self, sentence):
        self.sentences.append(sentence)


def on_server(loop):
    """Tasks, annotations (number, moment of the last change, choices), and predictions a version."""
    client, project = loop.link.client, loop.project()
    tasks = list_tasks(client, project)
    annotations = []
    for number in tasks.values():
        for one in client.request("GET", f"api/tasks/{number}/annotations/"):
            annotations.append((one["id"], one["updated_at"], json.dumps(one["result"])))
    return tasks, annotations, prediction_versions(client, project)


def test_a_second_push_makes_nothing_and_asks_for_the_same_frames(cartoon_loop):
    assert cartoon_loop.push() == (40, 0)
    asked = cartoon_loop.workspace.progress()
    assert len(asked.batch) == 24
    assert cartoon_loop.push() == (0, 40)
    assert cartoon_loop.workspace.progress() == asked
    assert len(list_tasks(cartoon_loop.link.client, cartoon_loop.project())) == 40


def test_the_page_hands_out_the_frames_in_the_order_in_which_they_are_wanted(cartoon_loop, cartoon_annotator):
    cartoon_loop.push()
    progress = cartoon_loop.workspace.progress()
    for uid in progress.batch[:4]:
        task = next_task(cartoon_loop.link.client, cartoon_loop.project(), progress.tab)
        assert task["data"]["uid"] == uid
        assert cartoon_annotator(1) == 1
    cartoon_annotator(4)
    cartoon_loop.sync()
    second = cartoon_loop.workspace.progress()
    assert second.batch_after == second.shown != ""
    for uid in second.batch[:3]:
        task = next_task(cartoon_loop.link.client, cartoon_loop.project(), second.tab)
        assert task["data"]["uid"] == uid
        cartoon_annotator(1)


def test_a_round_shows_one_version_on_every_frame_without_a_label_and_touches_no_label(
    cartoon_loop, cartoon_annotator
):
    cartoon_loop.push()
    cartoon_annotator(8)
    before = on_server(cartoon_loop)[1]
    synced = cartoon_loop.sync()
    assert (synced.labels, synced.new) == (8, True)
    tasks, annotations, versions = on_server(cartoon_loop)
    assert (len(tasks), annotations, versions) == (40, before, {synced.round.version: 32})
    assert shown_version(cartoon_loop.link.client, cartoon_loop.project()) == synced.round.version

    again = cartoon_loop.sync()
    assert (again.new, again.round) == (False, synced.round)
    assert on_server(cartoon_loop) == (tasks, before, {synced.round.version: 32})

    cartoon_annotator(4)
    second = cartoon_loop.sync()
    assert second.round.version.startswith("v002-")
    assert on_server(cartoon_loop)[2] == {second.round.version: 28}


def test_confirmations_are_told_from_corrections_even_after_their_version_is_gone(
    cartoon_loop, cartoon_annotator, cartoon
):
    cartoon_loop.push()
    cartoon_annotator(8)
    cartoon_loop.sync()
    cartoon_annotator(8)
    cartoon_loop.sync()
    origins = [label.origin for label in cartoon_loop.workspace.labels()]
    blind = set(cartoon_loop.workspace.progress().blind) & {label.uid for label in cartoon_loop.workspace.labels()}
    assert 0 < len(blind) < 8
    assert origins.count("manual") == 8 + len(blind)
    assert origins.count("prediction") + origins.count("prediction-changed") == 8 - len(blind)
    known = {label.uid: label.characters for label in cartoon_loop.workspace.labels()}
    frames = {frame.uid: frame for frame in cartoon_loop.frames}
    assert all(said == cartoon[1][int(frames[uid].second)] for uid, said in known.items())


def test_audit_frames_are_marked_in_their_tasks_and_shown_without_a_pre_annotation(cartoon_loop, cartoon_annotator):
    cartoon_loop.push()
    client, project = cartoon_loop.link.client, cartoon_loop.project()
    first = cartoon_loop.workspace.progress()
    assert read_marks(client, project) == first.audits
    assert len(first.audits) == 8 and first.audits.keys() <= set(first.batch)
    cartoon_annotator(12)
    cartoon_loop.sync()
    second = cartoon_loop.workspace.progress()
    # Those that nobody labelled are audit frames no more; others are.
    assert read_marks(client, project) == second.audits
    said = {label.uid for label in cartoon_loop.workspace.labels()}
    assert {uid for uid in first.audits if uid in said} <= second.audits.keys() <= said | set(second.batch)
    open_audits = second.audits.keys() - said
    assert open_audits and open_audits <= set(second.blind)
    order = []
    while (task := next_task(client, project, second.tab)) is not None:
        uid = task["data"]["uid"]
        [shown] = task["predictions"]
        assert (shown["result"] == []) == (uid in second.blind)
        order.append(uid)
        cartoon_annotator(1)
    assert order == list(second.batch)


def test_a_lost_loop_file_is_made_again_from_label_studio(cartoon_loop, cartoon_annotator):
    cartoon_loop.push()
    cartoon_annotator(16)
    cartoon_loop.pull()
    said = {label.uid for label in cartoon_loop.workspace.labels()}
    before = cartoon_loop.workspace.progress().audits
    cartoon_loop.workspace.loop_file.unlink()
    cartoon_loop.workspace.labels_table.unlink()
    heard = Heard()
    again = Loop(cartoon_loop.workspace, cartoon_loop.config, heard)
    assert again.push() == (0, 40)
    assert heard.sentences == ["Found in Label Studio: 16 labels, and which frames are audit frames."]
    after = again.workspace.progress()
    assert {uid: after.audits[uid] for uid in said & before.keys()} == {uid: before[uid] for uid in said & before.keys()}
    assert not said & set(after.batch)


def test_with_stop_seconds_the_intervals_end_the_loop(cartoon_loop, cartoon_annotator):
    cartoon_loop.push()
    cartoon_annotator(24)
    wide = Loop(
        cartoon_loop.workspace, override(cartoon_loop.config, {"stop": "seconds", "half_width": 0.5}), Talk()
    )
    assert not wide.sync().round.target_reached
    narrow = Loop(
        cartoon_loop.workspace, override(cartoon_loop.config, {"stop": "seconds", "half_width": 39.0}), Talk()
    )
    done = narrow.sync()
    assert (done.new, done.round.target_reached) == (False, True)
    assert cartoon_loop.workspace.rounds()[-1].target_reached
    halves = [(one.high - one.low) / 2 for one in characters(seconds_so_far(cartoon_loop.workspace)[0])]
    assert 0.5 < widest(seconds_so_far(cartoon_loop.workspace)) == max(halves) < 39


def test_labels_that_the_model_contradicts_are_put_up_until_somebody_looks_again(cartoon_loop, cartoon_annotator):
    cartoon_loop.push()
    cartoon_annotator(24)
    cartoon_loop.sync()
    found = suspects(cartoon_loop.workspace)
    progress = cartoon_loop.workspace.progress()
    assert found and len(found) <= 5
    assert progress.doubted == {label.uid: label.updated_at for label, _, _ in found}
    tab = int(progress.look_again.split("tab=")[1])
    client, project = cartoon_loop.link.client, cartoon_loop.project()
    listed = {task["id"] for task in read_tasks(client, project, view=tab, include="id")}
    assert listed == {label.task for label, _, _ in found}
    # Submitted again as it is: that is an answer.
    first = found[0][0]
    annotation = client.request("GET", f"api/annotations/{first.annotation}/")
    client.request("PATCH", f"api/annotations/{first.annotation}/", json={"result": annotation["result"]})
    cartoon_loop.sync()
    listed = {task["id"] for task in read_tasks(client, project, view=tab, include="id")} if len(found) > 1 else set()
    assert first.task not in listed
    assert first.uid not in {label.uid for label, _, _ in suspects(cartoon_loop.workspace)}


def test_a_skipped_frame_is_no_label_and_is_not_asked_for_again(cartoon_loop, cartoon_annotator):
    cartoon_loop.push()
    cartoon_annotator(8)
    cartoon_loop.sync()
    progress = cartoon_loop.workspace.progress()
    task = next_task(cartoon_loop.link.client, cartoon_loop.project(), progress.tab)
    skip(cartoon_loop.link.client, task, prediction=task["predictions"][0])
    uid = task["data"]["uid"]
    labels = cartoon_loop.pull()
    assert len(labels) == 8 and uid not in {label.uid for label in labels}
    assert cartoon_loop.workspace.progress().skipped == (uid,)
    assert next_task(cartoon_loop.link.client, cartoon_loop.project(), progress.tab)["data"]["uid"] != uid
    cartoon_annotator(4)
    cartoon_loop.sync()
    assert uid not in cartoon_loop.workspace.progress().batch


def test_when_all_that_was_asked_for_is_skipped_other_frames_are_asked_for(cartoon_loop, cartoon_annotator):
    cartoon_loop.push()
    cartoon_annotator(24)
    version = cartoon_loop.sync().round.version
    first = cartoon_loop.workspace.progress()
    for _ in first.batch:
        skip(cartoon_loop.link.client, next_task(cartoon_loop.link.client, cartoon_loop.project(), first.tab))
    assert cartoon_loop.sync().round.version == version
    second = cartoon_loop.workspace.progress()
    assert len(second.batch) == 6 and not set(second.batch) & set(first.batch)
    assert next_task(cartoon_loop.link.client, cartoon_loop.project(), second.tab)["data"]["uid"] in second.batch


def test_a_round_on_half_a_batch_is_not_run_again_without_a_new_label(cartoon_loop, cartoon_annotator):
    cartoon_loop.push()
    cartoon_annotator(10)
    first = cartoon_loop.sync()
    second = cartoon_loop.sync()
    assert (second.new, second.round) == (False, first.round)


def test_changed_characters_are_never_taken_for_the_old_ones(cartoon_loop, cartoon_annotator):
    cartoon_loop.push()
    cartoon_annotator(12)
    version = cartoon_loop.sync().round.version
    path = cartoon_loop.workspace.config_file
    path.write_text(path.read_text("utf-8").replace('["cat", "mouse"]', '["mouse", "cat"]'), "utf-8")
    swapped = Loop(cartoon_loop.workspace, cartoon_loop.workspace.config(), Talk())
    assert seconds_so_far(cartoon_loop.workspace) == []
    with pytest.raises(NotReady, match=f"^The model {version} was trained for other characters or another mode. "):
        swapped.preannotate()
    with pytest.raises(ConfigError, match="has other characters or another mode than screentime.toml. Run `screentime push`"):
        swapped.sync()
    swapped.push()
    assert swapped.sync().new


def test_deleted_tasks_and_frames_that_were_never_pushed_are_said(cartoon_loop, cartoon_annotator):
    cartoon_loop.push()
    cartoon_annotator(12)
    tasks = cartoon_loop.workspace.progress().tasks
    labelled = {label.uid for label in cartoon_loop.pull()}
    gone = [uid for uid in tasks if uid not in labelled][-2:]
    for uid in gone:
        cartoon_loop.link.client.request("DELETE", f"api/tasks/{tasks[uid]}/")
    words = r"^2 frames are not in Label Studio\. Run `screentime push`\.$"
    with pytest.raises(NotReady, match=words):
        cartoon_loop.sync()
    cartoon_loop.workspace.update_progress(tasks={uid: n for uid, n in tasks.items() if uid not in gone})
    with pytest.raises(NotReady, match=words):
        cartoon_loop.sync()
    assert cartoon_loop.push() == (2, 38)
    cartoon_loop.sync()
    assert on_server(cartoon_loop)[2] == {cartoon_loop.workspace.progress().shown: 28}


def test_labels_of_a_project_that_was_deleted_are_set_aside(cartoon_loop, cartoon_annotator):
    cartoon_loop.push()
    cartoon_annotator(3)
    cartoon_loop.pull()
    kept = cartoon_loop.workspace.labels_table.read_text("utf-8")
    cartoon_loop.link.client.request("DELETE", f"api/projects/{cartoon_loop.project().id}/")
    heard = Heard()
    again = Loop(cartoon_loop.workspace, cartoon_loop.config, heard)
    again.push()
    assert again.pull() == []
    aside = cartoon_loop.workspace.root / "labels-gone.csv"
    assert aside.read_text("utf-8") == kept
    assert heard.sentences == [
        f"3 labels that were pulled before do not count in Label Studio any more; {aside} keeps what they said, and"
        " `screentime push --labels labels-gone.csv` puts it back."
    ]


@pytest.mark.parametrize("damage", [lambda text: text[:-9], lambda text: "", lambda text: text.replace(",", ";")])
def test_a_damaged_copy_of_the_labels_is_set_aside_and_made_again(cartoon_loop, cartoon_annotator, damage):
    cartoon_loop.push()
    cartoon_annotator(3)
    cartoon_loop.pull()
    table, aside = cartoon_loop.workspace.labels_table, cartoon_loop.workspace.root / "labels-before-1.csv"
    before = table.read_bytes()
    damaged = damage(before.decode()).encode()
    table.write_bytes(damaged)
    heard = cartoon_loop.talk = Heard()
    cartoon_loop.pull()
    assert table.read_bytes() == before and aside.read_bytes() == damaged
    assert len(heard.sentences) == 1
    assert heard.sentences[0].startswith(f"{table} is damaged (line ")
    assert heard.sentences[0].endswith(f"). {aside} keeps it; the labels are copied anew.")


def test_too_few_labels_and_a_missing_push_are_said_with_what_to_do(cartoon_loop, cartoon_annotator):
    with pytest.raises(NotReady, match=r"^The frames are not in Label Studio yet\. Run `screentime push`\.$"):
        cartoon_loop.sync()
    with pytest.raises(NotReady, match=r"^There is no model yet\. Run `screentime train`\.$"):
        cartoon_loop.preannotate()
    cartoon_loop.push()
    cartoon_annotator(3)
    with pytest.raises(NotReady) as caught:
        cartoon_loop.sync()
    url = cartoon_loop.workspace.progress().url
    assert str(caught.value) == (
        f"There are 3 labels and training needs 8. Label the frames at {url} , then run `screentime sync`."
    )


def test_never_more_frames_are_asked_for_than_the_budget_has(cartoon_loop, cartoon_annotator):
    cartoon_loop.most = 11
    cartoon_loop.push()
    assert len(cartoon_loop.workspace.progress().batch) == 11
    cartoon_annotator(8)
    cartoon_loop.sync()
    assert len(cartoon_loop.workspace.progress().batch) == 3


@pytest.mark.parametrize("moment", ["Training", "Writing pre-annotations"])
def test_a_killed_sync_is_gone_on_with_and_nothing_is_doubled(cartoon_loop, cartoon_annotator, moment):
    cartoon_loop.push()
    cartoon_annotator(8)
    before = on_server(cartoon_loop)[1]
    folder = cartoon_loop.workspace.root
    command = [sys.executable, "-m", "screentime.cli", "sync", "--workspace", str(folder)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ)
    for line in process.stderr:
        if line.startswith(moment):
            process.send_signal(signal.SIGKILL)
            break
    assert process.wait() == -signal.SIGKILL, "it ended before it could be killed"
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    assert done.returncode == 0, done.stderr
    [card] = cartoon_loop.workspace.cards()
    tasks, annotations, versions = on_server(cartoon_loop)
    assert (len(tasks), annotations, versions) == (40, before, {card["version"]: 32})
    assert [p.name for p in cartoon_loop.workspace.models_folder.glob("v*")] == [card["version"]]


def test_the_second_of_two_commands_is_told_that_the_first_is_at_work(cartoon_loop):
    with cartoon_loop.workspace.locked("train"):
        with pytest.raises(Busy, match=f"^`screentime train` .process {os.getpid()}, since .* is at work in "):
            with cartoon_loop.workspace.locked("sync"):
                pass
