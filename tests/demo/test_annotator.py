import pytest
from hypothesis import given
from hypothesis import strategies as st

from screentime.demo.annotator import read_truth, truth_of
from screentime.errors import TruthError
from screentime.labelstudio.predictions import write_predictions
from screentime.records import Frame
from screentime.schema import ENDINGS, NEITHER, RESERVED, Schema


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
        ("", "line 1: it holds no labels."),
        ("a,b\n0,1\n", "line 1: the columns are no labels of seconds."),
        ("second,label\n", "line 1: it holds no labels."),
        ("second;label\n0;tom\n", "line 1: its cells are separated by something else than commas."),
        ("second\tlabel\n0\ttom\n", "line 1: its cells are separated by something else than commas."),
        ("\n\nsecond,label\n\n0,tom\n\n2,tom\n", "line 7: second 1 is expected, with 2 cells."),
        ("second,label\n0.0,tom\n", "line 2: second 0 is expected, with 2 cells."),
        ("second,label\n-1,tom\n", "line 2: second 0 is expected, with 2 cells."),
        ("second,label\nnan,tom\n", "line 2: second 0 is expected, with 2 cells."),
        ("second,label\n1e308,tom\n", "line 2: second 0 is expected, with 2 cells."),
        ("second,label\n0,tom\n1,\n", "line 3: The character name '' is empty or has spaces around it."),
        ("second,label\n0,tom\n1,a\0b\n", "line 3: The character name 'a\\x00b' is over 60 characters long"),
        ("second,label\n0,tom\n1,both\n", "line 3: The character name 'both' has a meaning of its own here."),
        ("second,label\n0,neither\n", "line 1: No character is named."),
        ("second,Tom,tom\n0,1,0\n", "line 1: The character 'Tom' is named twice."),
        ("second,tom,\n0,1,0\n", "line 1: The character name '' is empty or has spaces around it."),
        ("second," + ",".join(f"c{k}" for k in range(20)) + "\n0" + ",1" * 20, "line 1: 20 characters are named."),
        ("second,tom\n0,0,5\n", "line 2: second 0 is expected, with 2 cells."),
        ('second,label\n0,"tom\n1,tom\n', "line 3: unexpected end of data."),
        ("second,label\n0," + "x" * 200_000, "line 2: field larger than field limit (131072)."),
        ("second,label\n0,tom\n2,tom\n", "line 3: second 1 is expected, with 2 cells."),
        ("second,tom\n0,1,0\n", "line 2: second 0 is expected, with 2 cells."),
        ("second,tom\n0,yes\n", "line 2: only 0 and 1 can stand there."),
    ],
)
def test_a_damaged_file_is_named_with_its_line(tmp_path, text, words):
    with pytest.raises(TruthError) as caught:
        read_truth(write(tmp_path, text))
    assert words in str(caught.value) and "labels.csv" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("second,label\n0,Zo\u00eb\n".encode("latin-1"), "cannot be read (line 2 is no text in UTF-8)."),
        (b"\x89PNG\r\n\x1a\n\0\0", "cannot be read (line 1 is no text in UTF-8)."),
        (b"second,label\n0,tom\n".decode().encode("utf-16"), "cannot be read (line 1 is no text in UTF-8)."),
        (None, "cannot be read (Is a directory)."),
    ],
)
def test_what_is_no_text_is_refused(tmp_path, content, words):
    path = tmp_path / "labels.csv"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(TruthError) as caught:
        read_truth(path)
    assert caught.value.what == f"{path} {words}" and caught.value.exit_code == 2


NAMES = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="|,;=\""), min_size=1, max_size=9)
CAST = st.lists(
    NAMES.filter(lambda name: name.casefold() not in {*RESERVED, "0", "1"} and not name.casefold().endswith(ENDINGS)),
    min_size=2, max_size=4, unique_by=str.casefold,
)


@given(CAST, st.lists(st.integers(0, 15), min_size=1, max_size=20), st.booleans(), st.sampled_from(["\n", "\r\n"]),
       st.sampled_from(["", "\ufeff"]), st.booleans())
def test_both_layouts_read_back(tmp_path, names, seconds, exclusive, end, mark, closed):
    rows = [[name for place, name in enumerate(names) if second >> place & 1] for second in seconds]
    if exclusive:
        rows = [[*row, NEITHER][:1] for row in rows]
        lines = ["second,label", *(f"{k},{row[0]}" for k, row in enumerate(rows))]
    else:
        lines = [
            ",".join(["second", *names]),
            *(",".join([str(k), *(str(int(name in row)) for name in names)]) for k, row in enumerate(rows)),
        ]
    (path := tmp_path / "labels.csv").write_bytes((mark + end.join(lines) + end * closed).encode())
    said = [frozenset(row) - {NEITHER} for row in rows]
    if exclusive and not any(said):
        with pytest.raises(TruthError, match="No character is named"):
            read_truth(path)
        return
    cast = tuple(sorted(frozenset().union(*said))) if exclusive else tuple(names)
    assert read_truth(path) == ("exclusive" if exclusive else "multi", cast, said)


@given(st.sampled_from(["second,label\n0,tom\n1,neither\n", "second,tom,jerry\n0,0,1\n1,1,1\n"]), st.integers(0, 40),
       st.binary(max_size=4))
def test_bytes_in_the_midst_of_it_end_in_a_sentence_or_are_labels(tmp_path, text, place, noise):
    content = text.encode()
    (path := tmp_path / "labels.csv").write_bytes(content[:place] + noise + content[place:])
    try:
        mode, names, truth = read_truth(path)
    except TruthError as error:
        assert error.what.startswith(f"{path} ") and error.remedy
    else:
        assert Schema(mode, names) and truth and set().union(*truth) <= set(names)


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
