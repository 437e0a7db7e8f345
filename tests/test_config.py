from unicodedata import category

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from screentime.config import SECTIONS, Config, Project, option, override, parse, render
from screentime.errors import ConfigError

CONFIG = Config(
    project=Project(id="0123456789ab", title='A "film"', characters=("Tom", "Jerry"), films=("a b.mp4",))
)


def test_what_is_written_reads_back_and_every_option_is_explained():
    text = render(CONFIG)
    assert parse(text) == CONFIG
    assert "# Frames sampled per second of film\nfps = 1.0\n" in text
    assert "token" not in text


def test_defaults_are_the_documented_ones():
    assert (CONFIG.frames.fps, CONFIG.loop.target, CONFIG.loop.first_batch, CONFIG.model.epochs) == (1.0, 0.8, 60, 20)
    assert (CONFIG.loop.every, CONFIG.loop.batch, CONFIG.loop.audit_every) == (10, 20, 6)
    assert (CONFIG.loop.stop, CONFIG.loop.half_width) == ("accuracy", 15.0)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("fps = 1.0", "fps = 0.0", "p.toml line 15 at frames.fps: Expected `float` > 0.0. It means: Frames sampled per second"),
        ("fps = 1.0", 'fps = "1"', "p.toml line 15 at frames.fps: Expected `float`, got `str`."),
        ("fps = 1.0", "fsp = 1.0", "p.toml line 15 at frames: Object contains unknown field `fsp`. Did you mean fps?"),
        ('mode = "multi"', 'mode = "many"', "p.toml line 9 at project.mode: Invalid enum value 'many'."),
        ("[frames]", "[frames", "p.toml is not valid TOML:"),
        ("target = 0.8", "target = 1.5", "p.toml line 37 at loop.target: Expected `float` <= 1.0."),
        (
            "audit_every = 6", "audit_every = 1",
            "p.toml line 45 at loop.audit_every: Expected `int` >= 2. It means: One label in so many is that of an"
            " audit frame",
        ),
        ("audit_every = 6", "audit_every = 101", "p.toml line 45 at loop.audit_every: Expected `int` <= 100."),
        (
            'stop = "accuracy"', 'stop = "never"',
            "p.toml line 47 at loop.stop: Invalid enum value 'never'. It means: What ends the loop. accuracy: the"
            " target; seconds:",
        ),
        (
            "half_width = 15.0", "half_width = 0.0",
            "p.toml line 49 at loop.half_width: Expected `float` > 0.0. It means: Half the width in seconds that"
            " the 95 % interval",
        ),
        ('url = ""', 'url = "ftp://x"', "p.toml line 53 at labelstudio.url: Expected `str` matching regex"),
    ],
)
def test_a_bad_value_is_named_with_its_place(old, new, words):
    text = render(CONFIG)
    assert old in text
    with pytest.raises(ConfigError) as caught:
        parse(text.replace(old, new, 1), "p.toml")
    assert str(caught.value).startswith(words)


def test_a_secret_in_the_backbone_s_address_is_refused_and_not_repeated():
    text = render(CONFIG).replace("https://tfhub.dev/", "https://ann:PASSWORD@tfhub.dev/")
    with pytest.raises(ConfigError) as caught:
        parse(text, "p.toml")
    assert str(caught.value) == (
        "p.toml line 25 at model.backbone: the address holds a user name or a password. Leave that out of it: models"
        " and reports name the backbone."
    )
    assert override(CONFIG, {"backbone": "folder/a@b"}).model.backbone == "folder/a@b"


def test_flags_replace_options_and_none_leaves_them():
    changed = override(CONFIG, {"fps": 2.0, "target": None, "characters": ("A",)})
    assert (changed.frames.fps, changed.loop.target, changed.project.characters) == (2.0, 0.8, ("A",))
    ended = override(CONFIG, {"stop": "seconds", "half_width": 7.5, "audit_every": 4})
    assert (ended.loop.stop, ended.loop.half_width, ended.loop.audit_every) == ("seconds", 7.5, 4)
    assert parse(render(ended)) == ended


def test_a_bad_flag_is_refused_like_a_bad_option():
    with pytest.raises(ConfigError, match="^The flags at frames.fps: Expected `float` > 0.0"):
        override(CONFIG, {"fps": -1.0})


def test_an_option_tells_its_type_and_meaning():
    assert option("frames", "fps") == (float, "Frames sampled per second of film")


@pytest.mark.parametrize("identity", ["../../../x", "a/b/c/d/e", "abcdefgh\nscreentime project x", "short", "", ".abcdefgh", "a" * 65])
def test_an_identity_names_a_folder_and_a_line_and_nothing_else(identity):
    with pytest.raises(ConfigError, match="project.id"):
        override(CONFIG, {"id": identity})


OPTIONS = [(section, name) for section, cls in SECTIONS.items() for name in cls.__struct_fields__]
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30)
VALUES = st.one_of(
    st.integers(-(2**63), 2**63 - 1), st.floats(), st.booleans(), TEXT, st.just(""), st.just("a\0b"), st.just("x" * 10_000),
    st.lists(TEXT | st.integers(), max_size=3), st.just({}), st.just({"a": [{}]}),
    st.sampled_from(["multi", "exclusive", "http://localhost:1", "seconds", "finetune", 0, 1, 0.5, 1e308, -1.0]),
)


@given(TEXT, st.lists(TEXT, min_size=1, max_size=3), TEXT, st.floats(0.001, 60), st.integers(0, 2**31 - 1))
def test_options_of_any_text_and_number_read_back(title, films, folder, fps, seed):
    project = Project(id="0123456789ab", title=title, characters=("Tom",), films=tuple(films))
    config = override(Config(project=project), {"fps": fps, "seed": seed, "document_root": folder})
    assert parse(render(config)) == config


@settings(max_examples=250)
@given(st.sampled_from(OPTIONS), VALUES)
def test_any_value_is_taken_as_it_is_or_refused_with_file_line_and_remedy(option, value):
    section, name = option
    document = tomlkit.parse(render(CONFIG))
    document[section][name] = value
    text = tomlkit.dumps(document)
    try:
        config = parse(text, "p.toml")
    except ConfigError as error:
        at = f" at {section}.{name}"
        assert error.what.startswith("p.toml line ") and at in error.what, error.what
        number = int(error.what.split()[2])
        # A table in the place of a value has a heading of its own, or none.
        assert text.splitlines()[number - 1].startswith((f"{name} = ", f"[{section}"))
        assert error.remedy and error.exit_code == 2
        assert all(category(letter) != "Cs" for letter in str(error))
    else:
        kept = getattr(getattr(config, section), name)
        assert (list(kept) if isinstance(kept, tuple) else kept) == value
        assert parse(render(config)) == config


@given(st.text(max_size=40) | st.integers(0, 2000))
def test_no_text_ends_otherwise_than_in_a_sentence(text):
    whole = render(CONFIG)
    text = whole[:text] if isinstance(text, int) else text
    try:
        assert isinstance(parse(text, "p.toml"), Config)
    except ConfigError as error:
        assert error.what.startswith("p.toml")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("target =", "targt =", "p.toml line 37 at loop: Object contains unknown field `targt`. Did you mean target?"),
        ("[loop]", "[lop]", "p.toml line 35: Object contains unknown field `lop`. Did you mean loop?"),
        (
            "[loop]\n", "[loop]\nfps = 2.0\n",
            "p.toml line 36 at loop: Object contains unknown field `fps`. It belongs into the section [frames].",
        ),
        (
            "[loop]\n", "[loop]\nzzz = 2.0\n",
            "p.toml line 36 at loop: Object contains unknown field `zzz`. Compare with the file that `screentime new` writes.",
        ),
        ("[project]", "[project]\n[project]", "p.toml is not valid TOML: Cannot declare ('project',) twice (at line 2,"),
        ("port = 8080", "port = 8080\nport = 1", "p.toml is not valid TOML: Cannot overwrite a value (at line 60,"),
        ("port = 8080", "port = [" * 5000, "p.toml is n"),
        ("target = 0.8", "target = nan", "p.toml line 37 at loop.target: Expected `float` > 0.0. It means: Validation"),
        ("half_width = 15.0", "half_width = inf", "p.toml line 49 at loop.half_width: Expected `float` <= 1000000.0."),
        ('"Jerry"', '"tom"', "p.toml line 7 at project.characters: The character 'Tom' is named twice. Name each"),
        ('"Jerry"', '"a\\u0000b"', "p.toml line 7 at project.characters: it holds a NUL character. It means: Names"),
        ('title = "A', 'title = "\\u0000', "p.toml line 5 at project.title: it holds a NUL character. It means: Name"),
        ('"a b.mp4"', '"a\\u0000b"', "p.toml line 11 at project.films: it holds a NUL character. It means: Film"),
        ('"0123456789ab"', '"../../../etc"', "p.toml line 3 at project.id: Expected `str` matching regex"),
        ('url = ""', 'url = "http://a\\n"', "p.toml line 53 at labelstudio.url: Expected `str` matching regex"),
    ],
)
def test_what_is_meant_is_named(old, new, words):
    text = render(CONFIG)
    assert old in text
    with pytest.raises(ConfigError) as caught:
        parse(text.replace(old, new, 1), "p.toml")
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "p.toml: Object missing required field `project`. Compare with the file that `screentime new` writes."),
        ("project = 3", "p.toml line 1 at project: Expected `object`, got `int`."),
        ("a = " + "[" * 3000, "p.toml is nested too deeply."),
        ("\0", "p.toml is not valid TOML: Invalid statement (at line 1, column 1)."),
        ("[a]\nb = 1" + "0" * 5000, "p.toml holds a number of too many digits. Compare with"),
    ],
)
def test_what_is_no_options_at_all(text, words):
    with pytest.raises(ConfigError) as caught:
        parse(text, "p.toml")
    assert str(caught.value).startswith(words)


def test_no_more_frames_are_asked_for_than_one_page_hands_out():
    assert override(CONFIG, {"first_batch": 2000, "batch": 2000}).loop.batch == 2000
    for name in ("first_batch", "batch"):
        with pytest.raises(ConfigError, match=rf"^The flags at loop\.{name}: Expected `int` <= 2000\. It means: Frames asked for"):
            override(CONFIG, {name: 2001})
