from typing import get_args

from screentime import options


def test_a_flag_has_the_options_type_and_words():
    kind, typed = get_args(options.Fps)
    assert kind == float | None
    assert typed.help == "Frames sampled per second of film."
    assert typed.param_decls == ("--fps",) or typed.default == "--fps"


def test_underscores_become_hyphens():
    _, typed = get_args(options.FirstBatch)
    assert "--first-batch" in (typed.default, *typed.param_decls)
