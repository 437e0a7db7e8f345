"""Labels as a table: what is written reads back, and a damaged line is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screentime.errors import ScreentimeError
from screentime.labels_table import COLUMNS, from_table, to_table
from screentime.records import Frame, Label, frame_uid
from screentime.schema import ENDINGS, RESERVED, Schema

UIDS = [frame_uid("a" * 16, second) for second in (0.0, 1.0)]
FRAMES = {uid: Frame(uid, f"frames/film-aa/{k}.jpg", k, float(k), "film.mp4") for k, uid in enumerate(UIDS)}
SCHEMA = Schema("multi", ("Tom", "Том 'Кот'"))
LABELS = [
    Label(UIDS[0], frozenset(), 1, 2, "3", "2026-01-02T03:04:05Z", "manual", 2.5),
    Label(UIDS[1], frozenset(SCHEMA.characters), 4, 5, "6", "2026-01-02T03:04:06Z", "prediction"),
]


def test_what_is_written_reads_back_in_the_order_of_the_frames():
    text = to_table(LABELS[::-1], FRAMES, SCHEMA)
    assert text.splitlines()[:2] == [
        ",".join(COLUMNS), f"{UIDS[0]},film-aa,0:00:00.000,neither,1,2,3,2026-01-02T03:04:05Z,manual,2.5",
    ]
    assert from_table(text, "labels.csv") == LABELS


def test_a_damaged_line_is_named():
    text = to_table(LABELS, FRAMES, SCHEMA).replace(",4,5,", ",four,5,")
    with pytest.raises(ScreentimeError, match=r"^labels.csv is damaged \(line 3: invalid literal for int"):
        from_table(text, "labels.csv")


def test_a_name_that_is_empty_is_damage():
    text = to_table(LABELS, FRAMES, SCHEMA).replace("Tom|", "Tom||")
    with pytest.raises(ScreentimeError, match=r"^labels.csv is damaged \(line 3: a cell holds what cannot stand there\)"):
        from_table(text, "labels.csv")


NAMES = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="|,;=\""), min_size=1, max_size=12)


@given(
    st.lists(
        st.tuples(st.frozensets(st.sampled_from([0, 1])), st.integers(1, 10**12), st.none() | st.floats(0, 1e6)),
        max_size=5,
    ),
    st.lists(NAMES.filter(lambda name: name.casefold() not in RESERVED and not name.casefold().endswith(ENDINGS)),
             min_size=2, max_size=2, unique_by=str.casefold),
)
def test_labels_of_any_names_and_numbers_read_back(rows, names):
    uids = [frame_uid("b" * 16, float(k)) for k in range(len(rows))]
    frames = {uid: Frame(uid, f"frames/film-bb/{k}.jpg", k, float(k), "f") for k, uid in enumerate(uids)}
    labels = [
        Label(uid, frozenset(names[k] for k in who), number, number + 1, "3", "2026-01-02T03:04:05Z", "manual", took)
        for uid, (who, number, took) in zip(uids, rows)
    ]
    assert from_table(to_table(labels, frames, Schema("multi", tuple(names))), "labels.csv") == labels


@given(st.integers(0, 10**9), st.sampled_from([b"", b"\0\0\0", b"\"", b",", b"\xff"]))
def test_a_table_that_is_cut_off_anywhere_is_told_with_its_line(cut, filling):
    content = to_table(LABELS, FRAMES, SCHEMA).encode()
    damaged = content[: cut % len(content)] + filling
    lines = [len(b"".join(content.splitlines(True)[:k])) for k in (1, 2, 3)]
    if damaged in [content[:length] for length in lines]:
        return  # cut between two lines: what is there is whole
    with pytest.raises(ScreentimeError, match=r"^labels.csv is damaged \(line [1-4]: "):
        from_table(damaged.decode("utf-8", "replace"), "labels.csv")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda text: "", "line 1: its columns should be uid,film,"),
        (lambda text: text.replace(",", ";"), "line 1: its columns should be uid,film,"),
        (lambda text: text.replace(",", "\t"), "line 1: its columns should be uid,film,"),
        (lambda text: text + text.splitlines(True)[1], f"line 4: {UIDS[0]} stands there twice"),
        (lambda text: text.replace(",2.5", ",nan"), "line 2: a cell holds what cannot stand there"),
        (lambda text: text.replace(",2.5", ",1e999"), "line 2: a cell holds what cannot stand there"),
        (lambda text: text.replace("neither", ""), "line 2: a cell holds what cannot stand there"),
        (lambda text: text.replace("2026-01-02T03:04:05Z", "soon"), "line 2: Invalid isoformat string: 'soon'"),
        (lambda text: text.replace(",2.5\n", ",2.5,7\n"), "line 2: it has 11 columns instead of 10"),
        (lambda text: text.replace("neither", "x" * 200_000), "line 2: field larger than field limit (131072)"),
        (lambda text: text.replace("neither", '"Tom" x'), "line 2: ',' expected after '\"'"),
        (lambda text: text[:-1], "line 3: it is cut off"),
    ],
)
def test_the_words_of_a_damage(damage, reason):
    with pytest.raises(ScreentimeError) as caught:
        from_table(damage(to_table(LABELS, FRAMES, SCHEMA)), "labels.csv")
    assert caught.value.what.startswith(f"labels.csv is damaged ({reason}")


def test_a_table_with_the_line_ends_of_a_spreadsheet_is_read():
    assert from_table(to_table(LABELS, FRAMES, SCHEMA).replace("\n", "\r\n"), "labels.csv") == LABELS


def test_no_cell_starts_a_formula_and_all_read_back():
    schema = Schema("multi", ("-Tom", "'Arry", "@x"))
    labels = [
        Label(UIDS[0], frozenset({"-Tom", "@x"}), 1, 2, "=1+1", "2026-01-02T00Z", "manual"),
        Label(UIDS[1], frozenset({"'Arry"}), 4, 5, "-6", "2026-01-03T00Z", "manual"),
    ]
    text = to_table(labels, FRAMES, schema)
    cells = [line.split(",") for line in text.splitlines()[1:]]
    assert [row[3] for row in cells] == ["'-Tom|@x", "'Arry"]
    assert [row[6:8] for row in cells] == [["'=1+1", "2026-01-02T00Z"], ["'-6", "2026-01-03T00Z"]]
    assert from_table(text, "labels.csv") == labels
    # As an older screentime wrote them.
    assert from_table(text.replace("'-Tom", "-Tom"), "labels.csv") == labels


def test_a_time_without_a_zone_is_damage():
    """It could not be compared with the others, which decides what counts."""
    header = "uid,film,timecode,characters,task,annotation,annotator,updated_at,origin,lead_time\n"
    with pytest.raises(ScreentimeError) as caught:
        from_table(header + "a-1,f.mp4,0:00:01.000,tom,1,1,me,2026-01-01 01:01:01,manual,\n", "labels.csv")
    assert str(caught.value).startswith(
        "labels.csv is damaged (line 2: the time '2026-01-01 01:01:01' says no zone, such as Z or +01:00)."
    )
