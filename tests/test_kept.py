"""Files that keep something, damaged in every way: a sentence with the place, or what was written, and nothing else."""

import json
import re
from contextlib import suppress
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screentime.kept import Damaged, line_in_toml, read_card, read_json, read_text
from screentime.records import Appearance, Film, Frame, Review, Round, frame_uid
from screentime.standing import AskedReview, Audited, Progress, Reviews

DIGEST = "0011223344556677"
FILM = Film(DIGEST, "ж \"film\".mp4", "/films/ж film.mp4", 10.0, 24.0, 64, 36, 10)
FRAME = Frame(frame_uid(DIGEST, 1.5), "frames/film/1.jpg", 0, 1.5, FILM.name, 2)
KEPT = {
    "loop": (Progress, Progress(
        project=3, tasks={FRAME.uid: 4}, batch=(FRAME.uid,), batch_after="", skipped=("a",), asked={"a": "v001-x"},
        audits={FRAME.uid: {"block": [0.0, 4.5], "seed": 9, "probability": 0.2}}, doubles={"a": [["neither"], ["Tom"]]},
    )),
    "films": (list[Film], [FILM]),
    "audited": (list[Audited], [Audited(FILM, [FRAME], {FRAME.uid: {"seed": 1}})]),
    "reviews": (Reviews, Reviews(
        [AskedReview(FILM, 3, 44, "http://localhost:8080", "v001-x")],
        [Review(DIGEST, (Appearance("Tom", 0.0, 1.25, 1.0, "reviewed"),), 44, 7, "1", "2025-01-02", None)],
    )),
}
OTHER = st.sampled_from([None, True, -1, 2**70, 0.5, "", "x", "\u0000", [], [[]], {}, {"a": {"b": []}}])


def plain(value):
    return [asdict(one) for one in value] if isinstance(value, list) else asdict(value)


def places(value, path=()):
    """Every place in nested lists and dicts."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    for key, one in inside:
        yield from places(one, (*path, key))


def replaced(value, path, new):
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


@pytest.mark.parametrize("name", KEPT)
def test_what_was_written_reads_back(tmp_path, name):
    kind, value = KEPT[name]
    (file := tmp_path / "kept.json").write_text(json.dumps(plain(value), indent=1, ensure_ascii=False), "utf-8")
    assert read_json(file, kind) == value


@pytest.mark.parametrize("name", KEPT)
@given(data=st.data())
def test_one_value_of_another_kind_is_told_with_its_place_or_is_as_good(tmp_path, name, data):
    kind, value = KEPT[name]
    whole = json.loads(json.dumps(plain(value)))
    path = data.draw(st.sampled_from(list(places(whole))))
    changed = replaced(whole, path, data.draw(OTHER))
    (file := tmp_path / "kept.json").write_text(json.dumps(changed), "utf-8")
    try:
        read = read_json(file, kind)
    except Damaged as error:
        assert str(error) and "\n" not in str(error)
    else:  # nothing of what was kept got lost
        again = json.loads(json.dumps(plain(read)))
        assert again == changed or changed == {}


@pytest.mark.parametrize("name", KEPT)
@given(data=st.data())
def test_a_file_that_is_cut_off_or_overwritten_is_never_taken_for_whole(tmp_path, name, data):
    kind, value = KEPT[name]
    content = json.dumps(plain(value), indent=1, ensure_ascii=False).encode()
    cut = data.draw(st.integers(0, len(content) - 1))
    filling = data.draw(st.sampled_from([b"", b"\0" * (len(content) - cut), b"\xff", b"}"]))
    (file := tmp_path / "kept.json").write_bytes(content[:cut] + filling)
    with suppress(ValueError):
        json.loads(content[:cut] + filling)
        return  # closed just where a value ends it is whole; what needs more keys asks for them
    with pytest.raises(Damaged) as caught:
        read_json(file, kind)
    assert int(re.match(r"line (\d+)", str(caught.value))[1]) <= content.count(b"\n") + 1


@given(st.binary(max_size=60))
def test_bytes_of_any_kind_end_in_a_sentence(tmp_path, content):
    (file := tmp_path / "kept.json").write_bytes(content)
    for kind in (list[Film], list[Audited], Reviews):
        try:
            assert read_json(file, kind) == []
        except Damaged as error:
            assert str(error)
    try:
        assert isinstance(read_card(file), dict)
    except Damaged as error:
        assert str(error)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"project": 1,\n "tab": }', "line 2: JSON is malformed: invalid character"),
        (b'{"project":\n\n', "line 3: Input data was truncated"),
        (b'{"project": 1,\n "url": "\xe9"}', "line 2 is no text in UTF-8"),
        (b'{"project": "3"}', "Expected `int | null`, got `str` at `project`"),
        (b'{"tasks": {"a": true}}', "Expected `int`, got `bool` at `tasks[...]`"),
        (b'{"colour": 3}', "`colour` is unknown to this screentime"),
        (b'{"project": NaN}', "line 1: JSON is malformed: invalid character"),
        (b'{"url": "\\ud800"}', "line 1: Input data was truncated"),
        (b'{"audits": ' + b'{"a":' * 100_000, "it is nested too deeply"),
        (b"7", "Expected `object`, got `int`"),
    ],
)
def test_the_words(tmp_path, content, reason):
    (file := tmp_path / "loop.json").write_bytes(content)
    with pytest.raises(Damaged) as caught:
        read_json(file, Progress)
    assert str(caught.value) == reason


def test_an_unknown_key_deep_inside_is_named(tmp_path):
    (file := tmp_path / "films.json").write_text(json.dumps([asdict(FILM), {**asdict(FILM), "colour": 1}]), "utf-8")
    with pytest.raises(Damaged, match=r"^`\[1\].colour` is unknown to this screentime$"):
        read_json(file, list[Film])


def test_keys_that_are_needed_are_named(tmp_path):
    (file := tmp_path / "loop.json").write_text('{"batch": []}')
    assert read_json(file, Progress, needs=("batch",)) == Progress()
    with pytest.raises(Damaged, match="^it says nothing of blind$"):
        read_json(file, Progress, needs=("batch", "blind"))


def test_a_folder_in_its_place_and_a_mark_in_front(tmp_path):
    with pytest.raises(Damaged, match="^Is a directory$"):
        read_text(tmp_path)
    (file := tmp_path / "x").write_bytes(b"\xef\xbb\xbfa\r\n")
    assert read_text(file) == "a\r\n"


def test_a_card_may_say_more_and_hold_losses_that_are_no_numbers(tmp_path):
    (file := tmp_path / "card.json").write_text('{"more": 1, "history": {"loss": [NaN]}}')
    assert read_card(file)["history"]["loss"][0] != 0
    file.write_text("[" * 100_000)
    with pytest.raises(Damaged, match="^it is nested too deeply$"):
        read_card(file)
    file.write_text(json.dumps([asdict(Round("v", 1, 0.5, 1, 1.0, False))]))
    with pytest.raises(Damaged, match="^it holds no names with values$"):
        read_card(file)


@pytest.mark.parametrize(("text", "line"), [
    ("[frames]\n\nfps = 3\n", 3), ("frames.fps = 3\n", 1), ("\nframes = {fps = 3}\n", 2), ('[["frames"]]\nfps = 3\n', 2),
    ("[frames]\nother = 3\n", 1), ("other = 3\n", None), ('"frames" . "fps" = 3\n', 1), ("fps = 3\n[frames]\n", 2),
    ('title = """\n[frames]\nfps = 2\n"""\n[frames]\nfps = 3\n', 6), ("# it's \"\"\" no text\n[frames]\nfps = 3\n", 3),
    ("title = \'\'\'\n[frames]\nfps = 2\'\'\'\n", None),
])
def test_a_key_is_found_however_it_is_written(text, line):
    assert line_in_toml(text, "frames", "fps") == line
