from typing import get_args

from typer.models import OptionInfo

from screentime import options
from screentime.config import Loop, Stop


def test_a_flag_has_the_options_type_and_words():
    kind, typed = get_args(options.Fps)
    assert kind == float | None
    assert typed.help == "Frames sampled per second of film."
    assert typed.param_decls == ("--fps",) or typed.default == "--fps"


def test_underscores_become_hyphens():
    _, typed = get_args(options.FirstBatch)
    assert "--first-batch" in (typed.default, *typed.param_decls)


def test_what_ends_the_loop_is_a_choice_of_two():
    kind, typed = get_args(options.StopName)
    assert get_args(kind) == (Stop, type(None)) and get_args(Stop) == ("accuracy", "seconds")
    assert typed.help == (
        "What ends the loop. accuracy: the target; seconds: intervals of the totals as narrow as half_width."
    )
    assert "--stop" in (typed.default, *typed.param_decls)


def test_every_option_of_the_loop_has_its_flag():
    typed = [
        info for value in vars(options).values() for info in get_args(value) if isinstance(info, OptionInfo)
    ]
    assert {f"--{name.replace('_', '-')}" for name in Loop.__struct_fields__} <= {
        one.default for one in typed
    }
