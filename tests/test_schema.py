from importlib.resources import files

import numpy as np
import pytest

from screentime.errors import ConfigError
from screentime.schema import CHARACTER_KEYS, COLOURS, MODES, Schema, fill, fill_timeline, read, read_timeline

EXCLUSIVE = Schema("exclusive", ("jerry", "tom"))
MULTI = Schema("multi", ("jerry", "tom"))


def template(mode):
    return (files("labelstudio_config") / f"frames_{mode}.xml").read_text("utf-8")


@pytest.mark.parametrize("mode", MODES)
def test_a_filled_template_reads_back_as_the_same_classes(mode):
    schema = Schema(mode, ("Tom & <b>", 'The "Duck"'.replace('"', "'"), "Zoë"))
    assert read(fill(template(mode), schema)) == schema


@pytest.mark.parametrize("mode", MODES)
def test_every_choice_has_a_key_of_its_own(mode):
    filled = fill(template(mode), Schema(mode, ("Tom", "Jerry")))
    assert '<Choice value="neither" hotkey="0" />' in filled
    assert '<Choice value="Tom" hotkey="1" />' in filled
    assert '<Choice value="Jerry" hotkey="2" />' in filled


def test_one_hot_has_neither_first_and_then_the_characters_as_given():
    rows = EXCLUSIVE.encode([frozenset(), frozenset({"jerry"}), frozenset({"tom"})])
    assert rows.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_multi_rows_have_a_one_for_each_character():
    rows = MULTI.encode([frozenset(), frozenset({"jerry"}), frozenset({"tom", "jerry"})])
    assert rows.tolist() == [[0, 0], [1, 0], [1, 1]]


@pytest.mark.parametrize("schema", [EXCLUSIVE, MULTI])
def test_decode_undoes_encode(schema):
    labels = [frozenset(), frozenset({"jerry"}), frozenset({"tom"})]
    assert [schema.decode(row) for row in schema.encode(labels)] == labels


def test_decisions_take_the_likeliest_class_or_every_character_above_one_half():
    assert EXCLUSIVE.decide(np.array([[0.2, 0.5, 0.3]])).tolist() == [[0, 1, 0]]
    assert MULTI.decide(np.array([[0.49, 0.5]])).tolist() == [[0, 1]]


def test_certainty_is_that_of_the_least_sure_character():
    assert MULTI.certainty(np.array([[0.9, 0.4]])) == pytest.approx([0.6])
    assert EXCLUSIVE.certainty(np.array([[0.2, 0.5, 0.3]])) == pytest.approx([0.5])


def test_the_part_that_is_expected_to_be_right_is_that_of_the_decision():
    assert MULTI.expected_right(np.array([[0.9, 0.4], [0.5, 1.0]])) == pytest.approx([0.75, 0.75])
    assert EXCLUSIVE.expected_right(np.array([[0.2, 0.5, 0.3]])) == pytest.approx([0.5])


def test_right_is_the_share_of_characters_in_multi_mode():
    truth, decided = np.array([[1, 0], [1, 1]]), np.array([[1, 1], [1, 1]])
    assert MULTI.right(truth, decided).tolist() == [0.5, 1.0]
    assert EXCLUSIVE.right(np.eye(3)[[0, 1]], np.eye(3)[[0, 2]]).tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("chosen", "reason"),
    [
        ([], "nothing is chosen"),
        (["spike"], "'spike' is no choice of this project"),
        (["neither", "tom"], "'neither' is chosen together with a character"),
    ],
)
def test_contradictory_choices_are_refused_with_the_reason(chosen, reason):
    with pytest.raises(ValueError, match=f"^{reason}$"):
        MULTI.parse_choices(chosen)


def test_two_characters_are_refused_in_an_exclusive_project():
    with pytest.raises(ValueError, match="^more than one character is chosen in an exclusive project$"):
        EXCLUSIVE.parse_choices(["tom", "jerry"])


def test_choices_of_a_set_and_back():
    for characters in (frozenset(), frozenset({"tom"}), frozenset({"tom", "jerry"})):
        assert MULTI.parse_choices(MULTI.choose(characters)) == characters
    assert MULTI.choose(()) == ["neither"]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ((), "No character is named."),
        (("Tom", "tom"), "The character 'Tom' is named twice."),
        (("both",), "The character name 'both' has a meaning of its own here."),
        (("Neither",), "The character name 'Neither' has a meaning of its own here."),
        (("Far",), "The character name 'Far' has a meaning of its own here."),
        (("Tom", "Tom_low"), "The character name 'Tom_low' has a meaning of its own here."),
        ((" Tom",), "The character name ' Tom' is empty or has spaces around it."),
        (("a|b",), "The character name 'a|b' is over 60 characters long or holds one of"),
        (tuple(f"c{i}" for i in range(20)), "20 characters are named. Name at most 19"),
    ],
)
def test_names_that_cannot_be_used_are_refused(names, words):
    with pytest.raises(ConfigError) as caught:
        Schema("multi", names)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<View", "The label config is not XML"),
        (
            '<!DOCTYPE v [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><View>&b;</View>',
            "The label config is not XML (it defines entities).",
        ),
        ('<!DOCTYPE v [<!ENTITY a SYSTEM "file:///etc/passwd">]><View>&a;</View>', "(it defines entities)."),
        ("<View/>", "The label config has no Choices named 'characters'."),
        (
            '<View><Choices name="characters"><Choice value="a"/></Choices></View>',
            "The label config has no choice 'neither'.",
        ),
    ],
)
def test_a_foreign_label_config_is_refused(text, words):
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert words in str(caught.value)


def timeline():
    return (files("labelstudio_config") / "timeline.xml").read_text("utf-8")


def test_a_filled_timeline_has_a_label_a_character_with_its_key_and_colour():
    schema = Schema("exclusive", ("Tom & <b>", "Zoë"))
    filled = fill_timeline(timeline(), schema)
    assert read_timeline(filled) == schema.characters
    assert '<Label value="Tom &amp; &lt;b&gt;" hotkey="1" background="#0072B2" />' in filled
    assert '<Label value="Zoë" hotkey="2" background="#E69F00" />' in filled


def test_every_character_has_a_colour_of_its_own():
    assert len(set(COLOURS)) == len(COLOURS) == len(CHARACTER_KEYS)


@pytest.mark.parametrize("other", ["<View", "<View/>", fill(template("multi"), MULTI)])
def test_what_is_no_timeline_has_no_characters(other):
    assert read_timeline(other) == ()
