"""Label configs: filled and read back, and refused where they are not ours."""

from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screentime.errors import ConfigError
from screentime.label_config import CHARACTER_KEYS, COLOURS, fill, fill_timeline, read, read_timeline
from screentime.schema import MODES, MOST_CHARACTERS, Schema


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


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<View", "The label config is not XML"),
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
    assert len(set(COLOURS)) == len(COLOURS) == len(CHARACTER_KEYS) == MOST_CHARACTERS


@pytest.mark.parametrize("other", ["<View", "<View/>", fill(template("multi"), Schema("multi", ("jerry", "tom")))])
def test_what_is_no_timeline_has_no_characters(other):
    assert read_timeline(other) == ()


# -- any text ---------------------------------------------------------------------------------------------------------

ANY = st.text(max_size=70) | st.sampled_from([
    "Tom & <b>", "]]>", "<!--", "&amp;", "{{7*7}}", "😀👩‍👩‍👧", "a'b", "-x", "=1+1", "x" * 60, "x" * 61, "e\u0301", "é", "ﬁ", "\u202e",
    "\ud800", "a\0b", "a\nb", "a\u00a0b", "\u200b", " ", "", "neither", "BOTH", "Tom_low", "K", "k", "ß", "ss", "\ufeff", "a/b",
])


@given(st.sampled_from(MODES), st.lists(ANY, min_size=1, max_size=5))
def test_names_are_refused_in_a_sentence_or_read_back_from_both_label_configs(mode, names):
    try:
        schema = Schema(mode, tuple(names))
    except ConfigError as error:
        assert error.what and error.remedy and error.exit_code == 2
        f"{error}".encode()  # even of what cannot be written
        return
    assert read(fill(template(mode), schema)) == schema
    assert read_timeline(fill_timeline(timeline(), schema)) == schema.characters
    for count in range(len(names) + 1 if mode == "multi" else 2):
        said = frozenset(names[:count])
        assert schema.parse_choices(schema.choose(said)) == said
        assert schema.decode(schema.encode([said])[0]) == said


TAG = st.sampled_from(["View", "Choices", "Choice", "Image", "Header", "TimelineLabels", "Label", "x:y", "characters"])
ATTRIBUTE = st.tuples(
    st.sampled_from(["name", "value", "choice", "alias", "toName", "hotkey"]),
    st.sampled_from(["characters", "neither", "multiple", "single", "Tom", "tom", "", "a&amp;b", "&lt;b&gt;", "appearances", "both"]),
)


@st.composite
def elements(draw, depth=3):
    tag = draw(TAG)
    attributes = dict(draw(st.lists(ATTRIBUTE, max_size=3)))
    inside = draw(st.lists(elements(depth - 1), max_size=4)) if depth else []
    return f"<{tag} {' '.join(f'{k}={v!r}' for k, v in attributes.items())}>{''.join(inside)}</{tag}>"


@given(elements() | st.text(max_size=50))
def test_any_label_config_is_one_of_ours_or_refused_in_a_sentence(text):
    try:
        assert isinstance(read(text), Schema)
    except ConfigError as error:
        assert error.remedy
    assert all(isinstance(name, str) for name in read_timeline(text))


ENTITIES = """<?xml version="1.0"?><!DOCTYPE View [{}]><View><Choices name="characters"><Choice value="neither"/>
<Choice value="{}"/></Choices></View>"""
LAUGHS = "<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{k} '{f'&a{k - 1};' * 10}'>" for k in range(1, 12))


@pytest.mark.parametrize(
    "text",
    [
        ENTITIES.format(LAUGHS, "&a11;"), ENTITIES.format(LAUGHS, "Tom"), ENTITIES.format("<!ENTITY a 'Tom'>", "&a;"),
        ENTITIES.format("<!ENTITY a SYSTEM 'file:///etc/passwd'>", "&a;"),
        ENTITIES.format("<!ENTITY % a SYSTEM 'http://127.0.0.1:9/x.dtd'> %a;", "Tom"),
    ],
)
def test_a_label_config_that_defines_entities_is_refused(text):
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert caught.value.what == "The label config defines entities, which no label config of ours does."
    assert read_timeline(text) == ()


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ("<Choice value='Tom'/><Choice value='Tom'/>", "The character 'Tom' is named twice."),
        ("<Choice value='both'/>", "The character name 'both' has a meaning of its own here."),
        ("<Choice/>", "The character name '' is empty or has spaces around it."),
        ("", "No character is named."),
        ("<Choice value='a|b'/>", "The character name 'a|b' is over 60 characters long or holds one of"),
        ("<Choice value='a&#10;b'/>", "The character name 'a\\nb' is over 60"),
        ("<Choice value='&#0;'/>", "The label config is not XML"),
    ],
)
def test_a_label_config_with_names_of_another_kind_is_refused_with_what_to_do(choices, words):
    with pytest.raises(ConfigError) as caught:
        read(f"<View><Choices name='characters'><Choice value='neither'/>{choices}</Choices></View>")
    assert caught.value.what.startswith(words)
    assert caught.value.remedy == "Set the project's labelling interface back to what `screentime push` wrote."


def test_a_label_config_nested_too_deeply_is_refused():
    with pytest.raises(ConfigError):
        read("<View>" * 200_000)
    with pytest.raises(ConfigError):
        read("<View>" * 20_000 + "</View>" * 20_000)
