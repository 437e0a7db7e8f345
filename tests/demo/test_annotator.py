import pytest

from screentime.demo.annotator import read_truth, truth_of
from screentime.errors import TruthError
from screentime.labelstudio.predictions import write_predictions
from screentime.records import Frame


def write(tmp_path, text):
    path = tmp_path / "labels.csv"
    path.write_text(text, "utf-8")
    return path


def test_one_label_a_second_is_exclusive_with_characters_in_the_order_of_the_alphabet(tmp_path):
    truth = read_truth(write(tmp_path, "second,label\n0,tom\n1,neither\n2,jerry\n"))
    assert truth == ("exclusive", ("jerry", "tom"), [frozenset({"tom"}), frozenset(), frozenset({"jerry"})])


def test_a_column_a_character_is_multi_with_characters_as_the_columns(tmp_path):
    truth = read_truth(write(tmp_path, "second,tom,jerry\n0,1,1\n1,0,0\n"))
    assert truth == ("multi", ("tom", "jerry"), [frozenset({"tom", "jerry"}), frozenset()])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: the columns are no labels of seconds."),
        ("a,b\n0,1\n", "line 1: the columns are no labels of seconds."),
        ("second,label\n", "line 1: the columns are no labels of seconds."),
        ("second,label\n0,tom\n2,tom\n", "line 3: second 1 is expected, with 2 cells."),
        ("second,tom\n0,1,0\n", "line 2: second 0 is expected, with 2 cells."),
        ("second,tom\n0,yes\n", "line 2: only 0 and 1 can stand there."),
    ],
)
def test_a_damaged_file_is_named_with_its_line(tmp_path, text, words):
    with pytest.raises(TruthError) as caught:
        read_truth(write(tmp_path, text))
    assert words in str(caught.value) and "labels.csv" in str(caught.value)


def test_a_frame_has_the_label_of_the_second_it_lies_in(tmp_path):
    frames = [Frame(f"{'a' * 16}-{i}", "", i, second, "x.mp4") for i, second in enumerate((0.0, 1.001, 2.5))]
    said = [frozenset({"a"}), frozenset({"b"}), frozenset()]
    assert list(truth_of(frames, said, tmp_path).values()) == said
    with pytest.raises(TruthError, match="has labels of 2 seconds and the film has frames up to second 2"):
        truth_of(frames, said[:2], tmp_path)


def test_pre_annotations_are_confirmed_where_right_and_corrected_where_wrong(
    cartoon_loop, cartoon_annotator, cartoon
):
    cartoon_loop.push()
    client, project = cartoon_loop.link.client, cartoon_loop.project()
    tasks = cartoon_loop.workspace.progress().tasks
    truth = {frame.uid: cartoon[1][int(frame.second)] for frame in cartoon_loop.frames}
    wrong = {uid: frozenset({"cat"}) if not said else frozenset() for uid, said in truth.items()}
    asked = list(cartoon_loop.workspace.progress().batch)[:6]
    say = {uid: (wrong if uid in asked[:2] else truth)[uid] for uid in tasks}
    write_predictions(client, project, cartoon_loop.schema, "v1", [(tasks[u], say[u], 0.9) for u in tasks])
    assert cartoon_annotator(6) == 6
    labels = {label.uid: label for label in cartoon_loop.pull()}
    assert all(labels[uid].characters == truth[uid] for uid in labels)
    origins = [labels[uid].origin for uid in asked]
    assert origins == ["prediction-changed"] * 2 + ["prediction"] * 4


def test_it_stops_when_the_page_has_no_more(cartoon_loop, cartoon_annotator):
    cartoon_loop.push()
    assert cartoon_annotator(99) == 24
