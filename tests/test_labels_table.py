"""Labels as a table: what is written reads back, and a damaged line is named."""

import pytest

from screentime.errors import ScreentimeError
from screentime.labels_table import COLUMNS, from_table, to_table
from screentime.records import Frame, Label, frame_uid
from screentime.schema import Schema

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
    with pytest.raises(ScreentimeError) as caught:
        from_table(text, "labels.csv")
    assert caught.value.what == "labels.csv line 3 is damaged."
    assert caught.value.remedy == "Run `screentime pull`: it writes the file again from Label Studio."


def test_no_cell_starts_a_formula_and_all_read_back():
    schema = Schema("multi", ("-Tom", "'Arry", "@x"))
    labels = [
        Label(UIDS[0], frozenset({"-Tom", "@x"}), 1, 2, "=1+1", "+2", "manual"),
        Label(UIDS[1], frozenset({"'Arry"}), 4, 5, "-6", "2026", "manual"),
    ]
    text = to_table(labels, FRAMES, schema)
    cells = [line.split(",") for line in text.splitlines()[1:]]
    assert [row[3] for row in cells] == ["'-Tom|@x", "'Arry"]
    assert [row[6:8] for row in cells] == [["'=1+1", "'+2"], ["'-6", "2026"]]
    assert from_table(text, "labels.csv") == labels
    # As an older screentime wrote them.
    assert from_table(text.replace("'-Tom", "-Tom"), "labels.csv") == labels
