"""What a person reads of a project, of films and of a simulation: exact tables and sentences."""

from __future__ import annotations

import pytest

from screentime.config import Loop
from screentime.records import Film
from screentime.screening import ScreenTime
from screentime.telling import goal, tell_seconds, tell_simulation, tell_status, unsure
from screentime.totals import Estimate

URL = "http://localhost:8080/projects/3/data?tab=4"


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    """No terminal, and nothing in the environment that claims one."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def read(capsys):
    """Lines of the tables and of the sentences that something prints."""

    def told():
        printed = capsys.readouterr()
        return [line.rstrip() for line in printed.out.splitlines() if line.strip()], printed.err.splitlines()

    return told


def row(film="film.mp4", tom=(61.24, 55.0, 70.06, 2.41), **changes):
    """A film's row, as `rows_of` makes it, in exclusive mode."""
    values = {"film": film, "length": 120.5}
    for name, numbers in {"tom": tom, "both": (None,) * 4, "neither": (59.26, 50.44, 65.5, 1.0)}.items():
        values |= dict(zip((name, f"{name}_low", f"{name}_high", f"{name}_sampling"), numbers))
    return values | {
        "labelled": 30.0, "labels": 30, "audited": 5, "reviewed": False, "unsure": 0.1, "strange": None, "far": False,
        "model": "v002-abc",
    } | changes


def status(**changes):
    """What `summary` found when there is nothing yet."""
    return {
        "title": "A film", "mode": "multi", "frames": 120, "labels": 0, "elsewhere": 0, "skipped": 0, "waiting": 0,
        "rounds": [],
        "target": 0.8, "stop": "accuracy", "half_width": 15.0,
        "forecast": {"accuracy": None, "seconds": None},
        "screen_time": [], "suspicious": [], "people": [], "others": [], "agreement": None, "influence": None, "url": "",
        "look_again": "", "confirm_sure": "", "confirm_unsure": "",
        "next": "`screentime push`.",
    } | changes


def round_(version="v001-abc", labels=30, reached=False, **accuracy):
    values = {
        "validation": 0.75, "value": 0.6, "low": 0.5, "high": 0.9, "random_split": None, "whole_blocks": None,
        "judged_on": "5 audit frames", "frames": 5,
    }
    return {"version": version, "labels": labels, "target_reached": reached, "accuracy": values | accuracy}


def test_what_ends_the_loop_has_a_name():
    assert goal(Loop()) == "target 0.80"
    assert goal(Loop(stop="seconds")) == "intervals of ±15 s"
    assert goal(Loop(stop="seconds", half_width=2.5)) == "intervals of ±2.5 s"


# -- seconds --------------------------------------------------------------------------------------


def test_seconds_come_a_line_a_film_and_character_with_their_intervals(read):
    bare = row("other.mp4", tom=(3.0, None, None, 0.0), labels=0, audited=0)
    bare |= {"neither_low": None, "neither_high": None}
    tell_seconds([row(), bare])
    table, sentences = read()
    assert table == [
        " film        on screen   seconds   95 % interval   sampling",
        " ──────────────────────────────────────────────────────────",
        " film.mp4    tom         61.2      55.0-70.1       ±2.4",
        " film.mp4    neither     59.3      50.4-65.5       ±1.0",
        " other.mp4   tom         3.0       not audited     ±0.0",
        " other.mp4   neither     59.3      not audited     ±1.0",
    ]
    assert sentences == [
        "film.mp4: 120.5 s long, 30 labels of it, 5 of them audit frames, by v002-abc.",
        "other.mp4: 120.5 s long, 0 labels of it, 0 of them audit frames, by v002-abc.",
    ]


def test_a_film_that_a_person_reviewed_says_so(read):
    tell_seconds([row(tom=(61.24, 61.24, 61.24, 0.0), reviewed=True)])
    table, sentences = read()
    assert table[2] == " film.mp4   tom         61.2      61.2-61.2       ±0.0"
    assert sentences == ["film.mp4: 120.5 s long, reviewed by a person to the frame."]


def test_a_character_of_which_nothing_is_seen_has_its_line_too(read):
    tell_seconds([row(tom=(0.0, 0.0, 4.5, 0.0))])
    assert read()[0][2] == " film.mp4   tom         0.0       0.0-4.5         ±0.0"


def test_a_films_name_gives_the_terminal_no_orders(read):
    tell_seconds([row("a\x1b[31m.mp4")])
    table, sentences = read()
    assert table[2].startswith(" a\\x1b[31m.mp4   tom")
    assert sentences[0].startswith("a\\x1b[31m.mp4: 120.5 s long,")


# -- other films ----------------------------------------------------------------------------------


def screened(**changes):
    film = Film("a" * 16, "b.mp4", "/b.mp4", 60.0, 25.0, 8, 8, 60)
    values = {"labels": 0, "audited": 0, "version": "v001-abc", "unsure": 0.124, "strange": None} | changes
    return ScreenTime(film, {"tom": Estimate(3.0, None, None, 1.0)}, 0.0, **values)


def test_of_a_film_without_labels_it_is_said_how_little_is_known():
    assert unsure([screened()], "") == [
        "b.mp4 is not audited: no label of it says how wrong these seconds are. The model is unsure of 12%"
        " of its frames."
    ]
    assert unsure([screened(strange=0.07)], "") == [
        "b.mp4 is not audited: no label of it says how wrong these seconds are. 7% of its frames look"
        " unlike those the"
        " model learned from (5 % are usual). The model is unsure of 12% of its frames."
    ]


def test_a_film_with_labels_needs_no_words():
    assert unsure([screened(labels=20, audited=20)], "") == []
    assert unsure([], "") == []


@pytest.mark.parametrize("far", [{"strange": 0.2}, {"unsure": 0.5}])
def test_a_film_that_is_far_from_what_was_learned_is_not_to_be_relied_on(far):
    bare, audited = screened(**far), screened(**far, labels=20, audited=20)
    warning = (
        "b.mp4 is far from what the model learned: do not rely on its seconds. Audit it with `screentime"
        " audit FILM"
        " --workspace p` and let `screentime sync --workspace p` learn from the labels."
    )
    assert unsure([audited], " --workspace p") == [
        "b.mp4 is far from what the model learned: its interval is that of the 20 audit frames, and `screentime sync"
        " --workspace p` learning from them makes it narrower."
    ]
    assert unsure([bare], " --workspace p")[1:] == [warning]


# -- status ---------------------------------------------------------------------------------------


def test_before_the_first_round_there_is_one_sentence(read):
    tell_status(status(labels=7, skipped=1, waiting=22))
    assert read() == ([], ["A film: 120 frames, 7 labels, 1 skipped, 22 waiting for a label."])


def test_labels_of_other_films_are_told_apart(read):
    tell_status(status(labels=7, elsewhere=20))
    assert read()[1] == ["A film: 120 frames, 7 labels (20 more of other films), 0 skipped, 0 waiting for a label."]


def test_rounds_are_a_table_and_the_forecast_counts_labels_from_now(read):
    rounds = [
        round_(),
        round_(
            "v002-abc", 60, True, validation=0.8049, low=0.61, high=0.9951, random_split=0.95,
            whole_blocks=0.55
        ),
    ]
    tell_status(status(labels=62, rounds=rounds, forecast={"accuracy": 60, "seconds": 84}))
    table, sentences = read()
    assert table == [
        " round   labels   validation   unlabelled   95 % interval   random split   whole blocks",
        " " + "─" * 86,
        "     1       30   0.75         0.60         0.50-0.90       not known      not known",
        "     2       60   0.80         0.60         0.61-1.00       0.95           0.55",
    ]
    assert sentences == [
        "A film: 120 frames, 62 labels, 0 skipped, 0 waiting for a label.",
        "Accuracy: 0.60 on the unlabelled frames (95 % interval 0.61 to 1.00) by v002-abc, judged on 5 audit frames."
        " Target 0.80: reached.",
        "Forecast: an accuracy of 0.80 needs no more labels; ±15 s for every character needs about 24 more"
        " labels.",
    ]


def test_of_many_rounds_the_latest_are_listed(read):
    tell_status(status(rounds=[round_(f"v{n:03d}", 10 * n) for n in range(1, 10)], stop="seconds"))
    table, sentences = read()
    assert [line.split()[0] for line in table[2:]] == ["4", "5", "6", "7", "8", "9"]
    assert sentences[1].endswith("Intervals of ±15 s: not reached.")
    assert sentences[2] == "3 earlier rounds are not listed; `screentime report` shows them all."


def test_what_cannot_be_foretold_is_said(read):
    tell_status(
        status(rounds=[round_()], half_width=2.5, target=0.95, forecast={"accuracy": 31, "seconds": None})
    )
    assert read()[1][2] == (
        "Forecast: an accuracy of 0.95 needs about 1 more labels; how many labels ±2.5 s for every"
        " character needs"
        " cannot be told yet."
    )


def test_the_seconds_so_far_come_after_the_rounds(read):
    tell_status(status(rounds=[round_()], screen_time=[row()]))
    table, sentences = read()
    assert [line.split()[0] for line in table if line[1] != "─"] == [
        "round", "1", "film", "film.mp4", "film.mp4"
    ]
    assert sentences[-1] == "film.mp4: 120.5 s long, 30 labels of it, 5 of them audit frames, by v002-abc."


def doubtful(number):
    return {
        "uid": f"{'a' * 16}-{number:09d}", "film": "film.mp4", "second": float(number),
        "timecode": f"0:00:{number:02d}.000", "said": "neither", "model": "tom, jerry", "confidence": 0.0456,
    }


SECOND_LOOK = (
    ": a model that did not learn from their part of the film contradicts them. Correct them, or submit"
    " them again"
    " to keep them."
)


def test_suspicious_labels_are_listed_with_where_to_look_again(read):
    tell_status(status(suspicious=[doubtful(3), doubtful(41)], look_again=URL))
    table, sentences = read()
    assert table == [
        " film       time          label     the model says   its chance for the label",
        " ────────────────────────────────────────────────────────────────────────────",
        " film.mp4   0:00:03.000   neither   tom, jerry       0.05",
        " film.mp4   0:00:41.000   neither   tom, jerry       0.05",
    ]
    assert sentences[1:] == [f"2 labels are worth a second look{SECOND_LOOK}", f"Look again: {URL}"]


def test_where_to_click_stands_at_the_end(read):
    tell_status(status(url=f"{URL}1", confirm_sure=f"{URL}2", confirm_unsure=f"{URL}3", look_again=f"{URL}4"))
    assert read()[1][1:] == [
        f"Label first: {URL}1", f"Confirm: sure: {URL}2", f"Confirm: unsure: {URL}3", f"Look again: {URL}4",
    ]


def test_ten_suspicious_labels_are_listed_and_the_others_counted(read):
    tell_status(status(suspicious=[doubtful(number) for number in range(12)]))
    table, sentences = read()
    assert [line.split()[1] for line in table[2:]] == [f"0:00:{number:02d}.000" for number in range(10)]
    assert sentences[1:] == [f"12 labels are worth a second look{SECOND_LOOK}"]


def test_how_people_agree_is_said(read):
    tell_status(status(agreement={"frames": 12, "agreed": 9, "alpha": 0.6917}))
    tell_status(status(agreement={"frames": 2, "agreed": 2, "alpha": None}))
    assert read()[1][1::2] == [
        "12 frames were labelled by several people, who agree on 9 (Krippendorff's alpha 0.69); the most"
        " common answer"
        " counts, of equally common ones the newest.",
        "2 frames were labelled by several people, who agree on 2; the most common answer counts, of"
        " equally common"
        " ones the newest.",
    ]


def test_what_seeing_a_pre_annotation_does_is_said_with_its_interval(read):
    tell_status(status(influence={
        "shown": 70, "blind": 80, "agreed_shown": 0.8, "agreed_blind": 0.6, "low": 0.0524, "high": 0.3339,
    }))
    tell_status(status(influence={
        "shown": 8, "blind": 2, "agreed_shown": 0.5, "agreed_blind": 1.0, "low": -0.78, "high": 0.23,
    }))
    assert read()[1][1::2] == [
        "People agreed with the model on 80% of 70 frames that showed its pre-annotation and on 60% of 80"
        " that did not:"
        " a difference of +20% (95 % interval +5% to +33%).",
        "People agreed with the model on 50% of 8 frames that showed its pre-annotation and on 100% of 2"
        " that did not:"
        " a difference of -50% (95 % interval -78% to +23%).",
    ]


# -- a simulation ---------------------------------------------------------------------------------


def test_a_simulation_is_three_tables(read):
    firm = {"error_s": 6.25, "error_sd_s": 8.0, "bias_s": -1.04, "coverage": 0.975, "half_width_s": 16.66}
    bare = {"error_s": 12.0, "error_sd_s": 8.0, "bias_s": 3.0, "coverage": None, "half_width_s": None}
    told = {
        "true": 0.81, "told": 0.8049, "validation": 0.775, "coverage": 0.95, "random_split": 0.9,
        "whole_blocks": 0.7,
        "target_seen": 0.5,
    }
    tell_simulation({
        "target": 0.8,
        "strategies": {
            "loop": {
                "labels": [10, 60], "accuracy": [0.61, 0.8], "sd": [0.05, 0.0123], "labels_to_target": 60.0
            },
            "chance": {
                "labels": [10, 60], "accuracy": [0.5, 0.7], "sd": [0.1, 0.02], "labels_to_target": None
            },
        },
        "totals_at": {"30": {"composite": firm}, "60": {"composite": firm, "count": bare}},
        "accuracy_told": {"30": None, "60": told},
    })
    table, sentences = read()
    assert sentences == []
    assert table == [
        " right on the unlabelled at labels   10            60            labels to 0.80",
        " ──────────────────────────────────────────────────────────────────────────────",
        " loop                                0.610±0.050   0.800±0.012             60.0",
        " chance                              0.500±0.100   0.700±0.020                -",
        " labels   totals by   error s   bias s   coverage of 95 %   half width s",
        " ───────────────────────────────────────────────────────────────────────",
        " 30       composite   6.2       -1.0     0.975              16.7",
        " 60       composite   6.2       -1.0     0.975              16.7",
        " 60       count       12.0      +3.0     -                  -",
        " labels   accuracy   told    its interval holds   validation accuracy   a random split   whole"
        " blocks"
        "   target seen",
        " " + "─" * 114,
        " 60       0.810      0.805   0.950                0.775                 0.900            0.700    "
        "      0.500",
    ]


def test_a_recipe_that_was_replayed_too_has_its_sentence(read):
    tell_simulation({
        "target": 0.8, "budget": 60, "totals_at": {}, "accuracy_told": {},
        "strategies": {"loop": {"labels": [60], "accuracy": [0.8], "sd": [0.0123], "labels_to_target": 60.0}},
        "recipes": {"finetune": {"runs": 3, "accuracy": 0.6547, "sd": 0.05, "accuracy_of": {}}},
    })
    assert read()[1] == [
        "Recipe finetune: 0.655 (sd 0.050) right on the unlabelled frames at 60 labels in 3 runs."
    ]
