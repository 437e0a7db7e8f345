import pytest

from screentime.config import Config, Project, option, override, parse, render
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
        ("fps = 1.0", "fps = 0.0", "p.toml at frames.fps: Expected `float` > 0.0. It means: Frames sampled per second"),
        ("fps = 1.0", 'fps = "1"', "p.toml at frames.fps: Expected `float`, got `str`."),
        ("fps = 1.0", "fsp = 1.0", "p.toml at frames: Object contains unknown field `fsp`."),
        ('mode = "multi"', 'mode = "many"', "p.toml at project.mode: Invalid enum value 'many'."),
        ("[frames]", "[frames", "p.toml is not valid TOML:"),
        ("target = 0.8", "target = 1.5", "p.toml at loop.target: Expected `float` <= 1.0."),
        (
            "audit_every = 6", "audit_every = 1",
            "p.toml at loop.audit_every: Expected `int` >= 2. It means: One label in so many is that of an"
            " audit frame",
        ),
        ("audit_every = 6", "audit_every = 101", "p.toml at loop.audit_every: Expected `int` <= 100."),
        (
            'stop = "accuracy"', 'stop = "never"',
            "p.toml at loop.stop: Invalid enum value 'never'. It means: What ends the loop. accuracy: the"
            " target; seconds:",
        ),
        (
            "half_width = 15.0", "half_width = 0.0",
            "p.toml at loop.half_width: Expected `float` > 0.0. It means: Half the width in seconds that"
            " the 95 % interval",
        ),
        ('url = ""', 'url = "ftp://x"', "p.toml at labelstudio.url: Expected `str` matching regex"),
    ],
)
def test_a_bad_value_is_named_with_its_place(old, new, words):
    text = render(CONFIG)
    assert old in text
    with pytest.raises(ConfigError) as caught:
        parse(text.replace(old, new, 1), "p.toml")
    assert str(caught.value).startswith(words)


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
