"""What a project's folder tells without a server: next steps, seconds, forecasts, doubtful labels."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from screentime.config import Config, Project, override
from screentime.errors import ConfigError
from screentime.projects import begin, extract_films
from screentime.records import Appearance, Film, Frame, Label, Review, Round, frame_uid
from screentime.schema import Schema
from screentime.screening import Basis, ScreenTime, count, rows_of
from screentime.standing import Audited
from screentime.summary import (
    basis_of,
    forecast,
    influence_of,
    seconds_so_far,
    summary,
    suspects,
    told,
    widest,
)
from screentime.talk import Talk
from screentime.totals import Estimate
from screentime.workspace import create

DIGEST, OTHER = "ab" * 8, "cd" * 8
UIDS = [frame_uid(DIGEST, float(second)) for second in range(12)]
SCHEMA = Schema("multi", ("tom", "jerry"))
MORNING, EVENING = "2025-01-02T08:00:00.000000Z", "2025-01-02T20:00:00.000000Z"


@pytest.fixture
def place(tmp_path):
    """A project of a film of twelve frames, without labels or versions."""
    project = Project(id="0123456789ab", title="A film", characters=("tom", "jerry"), films=("film.mp4",))
    workspace = create(tmp_path / "p", Config(project=project))
    workspace.write_frames(
        [Film(DIGEST, "film.mp4", "/film.mp4", 13.0, 25.0, 8, 8, 12)], frames_of(DIGEST, "film.mp4", 12)
    )
    return workspace


def frames_of(digest, name, how_many):
    return [
        Frame(frame_uid(digest, float(i)), f"frames/{name}/{i:09d}.jpg", i, float(i), name)
        for i in range(how_many)
    ]


def say(workspace, said, updated_at=MORNING):
    """Labels of frames by their numbers, or by their uids."""
    workspace.write_labels([
        Label(
            UIDS[key] if isinstance(key, int) else key, frozenset(names), 1, number, "1", updated_at, "manual"
        )
        for number, (key, names) in enumerate(said.items())
    ])


def write(path, rows, classes=SCHEMA.classes):
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["uid", *classes])
        table.writerows([UIDS[key] if isinstance(key, int) else key, *row] for key, row in rows.items())


def version(
    workspace, number=1, learned=(), held_out=(), reached=False, accuracy=0.75, predictions=None,
    crossfit=None,
    by_block=None, classes=SCHEMA.classes,
):
    """A version as `make` leaves it, but for the network: its card and its tables by hand."""
    name = f"v{number:03d}-0123456789ab"
    folder = workspace.models_folder / name
    folder.mkdir(parents=True)
    card = {
        "version": name, "mode": "multi", "characters": list(classes),
        "label_uids": [UIDS[i] for i in learned], "held_out_uids": [UIDS[i] for i in held_out],
        "accuracy": {
            "validation": accuracy, "value": 0.7, "low": 0.5, "high": 0.9, "frames": 8,
            "judged_on": "8 audit frames",
            "random_split": 0.875, "whole_blocks": 0.5,
        },
        "round": asdict(Round(name, len(learned), accuracy, 20, 1.5, reached)),
    }
    (folder / "card.json").write_text(json.dumps(card), "utf-8")
    write(folder / "predictions.csv", dict.fromkeys(range(12), (0.25, 0.5)) | (predictions or {}), classes)
    for file, rows in (("crossfit.csv", crossfit), ("by_block.csv", by_block)):
        if rows is not None:
            write(folder / file, rows, classes)
    return name


def audit(workspace, *uids):
    draw = {"block": [0.0, 5.0], "seed": 1, "probability": 0.2}
    workspace.update_progress(audits=workspace.progress().audits | dict.fromkeys(uids, draw))


# -- the whole ------------------------------------------------------------------------------------


def test_the_next_step_is_named_at_every_stage(cartoon, tmp_path):
    place = begin(tmp_path / "p", [cartoon[0]], ["cat"])
    assert summary(place)["next"] == "`screentime extract`."
    extract_films(place, place.config(), Talk())
    assert summary(place)["next"] == "`screentime push`."
    uids = [frame.uid for frame in place.frames()]
    tasks = {uid: number for number, uid in enumerate(uids)}
    place.update_progress(project=7, url="http://x/7", tasks=dict(list(tasks.items())[:-1]))
    assert summary(place)["next"] == "`screentime push`."
    place.update_progress(tasks=tasks, batch=tuple(uids[:5]), batch_after="")
    assert summary(place)["next"] == "label 5 frames at http://x/7 , then `screentime sync`."
    place.update_progress(skipped=tuple(uids[:5]))
    assert summary(place)["next"] == "`screentime sync`."


def test_at_the_target_there_is_a_choice_even_while_frames_wait(place):
    tasks = {uid: number for number, uid in enumerate(UIDS)}
    place.update_progress(project=7, url="http://x/7", tasks=tasks, batch=tuple(UIDS[:5]), batch_after="")
    version(place, 1, learned=range(8), reached=True)
    assert summary(place)["next"] == (
        "the target is reached; `screentime predict FILM` for other films, or more labels at http://x/7"
    )
    version(place, 2, learned=range(9))  # a later one that does not reach it has the say
    assert summary(place)["next"] == "label 5 frames at http://x/7 , then `screentime sync`."


def test_a_project_without_frames_has_nothing_to_tell(tmp_path):
    project = Project(id="0123456789ab", title="A film", characters=("tom", "jerry"), films=("film.mp4",))
    place = create(
        tmp_path, override(Config(project=project), {"stop": "seconds", "half_width": 5.0, "target": 0.9})
    )
    assert summary(place) == {
        "title": "A film", "mode": "multi", "frames": 0, "labels": 0, "elsewhere": 0, "skipped": 0, "waiting": 0,
        "rounds": [],
        "target": 0.9, "stop": "seconds", "half_width": 5.0, "forecast": {"accuracy": None, "seconds": None},
        "screen_time": [], "suspicious": [], "people": [], "others": [], "agreement": None, "influence": None, "url": "",
        "look_again": "", "confirm_sure": "", "confirm_unsure": "",
        "next": "`screentime extract`.",
    }


def test_a_project_with_rounds_tells_all_that_its_folder_holds(place):
    say(place, {0: ["tom"], 3: [], 6: ["jerry"], 9: ["tom"]})
    name = version(
        place, learned=(0, 3, 6, 9), by_block={0: (0.9, 0.1), 3: (0.8, 0.4), 6: (0.1, 0.9), 9: (0.9, 0.1)}
    )
    place.update_progress(
        batch=tuple(UIDS[:5]), asked={UIDS[0]: name, UIDS[6]: name}, blind=(UIDS[0],), skipped=(UIDS[1],),
        doubles={UIDS[0]: [["tom"], ["tom"]], UIDS[3]: [["neither"], ["tom", "jerry"]]},
        url="http://x/7", look_again="http://x/8",
    )
    found = summary(place)
    assert json.loads(json.dumps(found)) == found  # `status --json` prints it
    assert [found[key] for key in ("frames", "labels", "skipped", "waiting", "url", "look_again")] == [
        12, 4, 1, 2, "http://x/7", "http://x/8",
    ]
    assert found["rounds"] == [{
        "version": name, "labels": 4, "validation_accuracy": 0.75, "epochs": 20, "seconds": 1.5,
        "target_reached": False,
        "accuracy": {
            "validation": 0.75, "value": 0.7, "low": 0.5, "high": 0.9, "frames": 8,
            "judged_on": "8 audit frames",
            "random_split": 0.875, "whole_blocks": 0.5,
        },
    }]
    assert found["screen_time"] == rows_of(seconds_so_far(place)) and len(found["screen_time"]) == 1
    assert found["forecast"] == forecast(place, seconds_so_far(place))
    assert found["suspicious"] == [{
        "uid": UIDS[3], "film": "film.mp4", "second": 3.0, "timecode": "0:00:03.000", "said": "neither",
        "model": "tom", "confidence": 0.2,
    }]
    # Of four answers two are tom; in one of two frames the answers differ: alpha is 1 - 3 x 2 / 10.
    assert found["agreement"] == {"frames": 2, "agreed": 1, "alpha": pytest.approx(0.4)}
    assert found["influence"]["shown"] == found["influence"]["blind"] == 1


# -- seconds so far -------------------------------------------------------------------------------


def test_before_the_first_model_there_are_no_seconds(place):
    say(place, {0: ["tom"]})
    assert seconds_so_far(place) == []


def test_seconds_are_counted_from_labels_predictions_and_what_was_foretold(place):
    say(place, {0: ["tom"], 3: [], 6: ["jerry"], 9: ["tom"], 11: []})
    audit(place, UIDS[3], UIDS[9], UIDS[4])
    version(place, 1, learned=range(12), predictions=dict.fromkeys(range(12), (0.9, 0.9)))
    crossfit = {3: (0.125, 0.25), 9: (0.75, 0.5)}
    name = version(
        place, 2, learned=(0, 3, 6, 9), held_out=(0,), predictions={5: (0.9, 0.0)}, crossfit=crossfit
    )

    basis = basis_of(place)
    assert basis == Basis(
        labels={UIDS[0]: {"tom"}, UIDS[3]: set(), UIDS[6]: {"jerry"}, UIDS[9]: {"tom"}, UIDS[11]: set()},
        audits=place.progress().audits, learned={UIDS[3], UIDS[6], UIDS[9]},
        foretold={UIDS[3]: [0.125, 0.25], UIDS[9]: [0.75, 0.5]},
    )
    says = np.array([(0.25, 0.5)] * 5 + [(0.9, 0.0)] + [(0.25, 0.5)] * 6)
    [film] = place.films()
    expected = count(film, [float(i) for i in range(12)], says, SCHEMA, name, basis)
    assert seconds_so_far(place) == [expected]
    # By hand: five frames are labelled, the last of which stands for two seconds.
    assert (expected.labelled, expected.labels, expected.audited) == (6.0, 3, 2)


def test_each_film_is_counted_on_its_own_and_another_that_is_audited_is_not(place):
    films = [*place.films(), Film(OTHER, "other.mp4", "/other.mp4", 4.0, 25.0, 8, 8, 4)]
    strange = "ef" * 8
    place.write_frames(films, [*place.frames(), *frames_of(OTHER, "other.mp4", 4)])
    place.write_audited(
        [Audited(Film(strange, "c.mp4", "/c.mp4", 9.0, 25.0, 8, 8, 9), frames_of(strange, "c.mp4", 9)[:1], {})]
    )
    other = [frame_uid(OTHER, float(i)) for i in range(4)]
    say(place, {0: ["tom"], other[2]: ["jerry"], frame_uid(strange, 0.0): []})
    version(place, predictions=dict.fromkeys([*range(12)], (0.0, 0.0)) | dict.fromkeys(other, (1.0, 0.0)))
    one, two = seconds_so_far(place)
    assert [time.film for time in (one, two)] == films
    assert [time.labelled for time in (one, two)] == [1.0, 1.0]
    assert {name: estimate.seconds for name, estimate in one.estimates.items()} == pytest.approx(
        {"tom": 1.0, "jerry": 0.0, "both": 0.0, "neither": 12.0}
    )
    assert {name: estimate.seconds for name, estimate in two.estimates.items()} == pytest.approx(
        {"tom": 3.0, "jerry": 1.0, "both": 0.0, "neither": 0.0}
    )


def test_frames_that_the_latest_version_has_not_seen_leave_no_seconds_until_the_next_training(place):
    version(place)
    assert len(seconds_so_far(place)) == 1
    place.write_frames(place.films(), frames_of(DIGEST, "film.mp4", 13))
    assert seconds_so_far(place) == []
    assert summary(place)["screen_time"] == []


def test_a_film_whose_frames_are_not_listed_since_extract_was_killed_leaves_no_seconds_until_it_ran(place):
    version(place)
    later = Film(OTHER, "later.mp4", "/later.mp4", 4.0, 25.0, 8, 8, 4)
    frames = place.frames()
    place.write_frames([*place.films(), later], frames)
    assert seconds_so_far(place) == []
    stands = summary(place)
    assert (stands["screen_time"], stands["next"]) == ([], "`screentime extract`.")
    place.write_frames(place.films()[:1], frames)
    assert len(seconds_so_far(place)) == 1


def test_a_review_of_a_character_that_is_named_no_more_is_told(place):
    version(place)
    place.write_reviews([], [
        Review(DIGEST, (Appearance("spike", 0.0, 1.0, 1.0, "reviewed"),), 1, 2, "1", MORNING),
    ])
    with pytest.raises(ConfigError) as caught:
        seconds_so_far(place)
    assert str(caught.value) == (
        f"{place.reviews_file} has reviews of spike, which {place.config_file} does not name. Name it under characters"
        " again, as the reviews do, or change those reviews in Label Studio and run `screentime pull`."
    )


# -- how wide, and how many labels more -----------------------------------------------------------


def screened(halves, frames=300, labels=60, neither=99.0):
    """Screen times of a film whose characters have intervals of such half widths."""
    def estimate(half):
        low, high = (None, None) if half is None else (100 - half, 100 + half)
        return Estimate(100.0, low, high, 1.0)

    names = dict(zip(("tom", "jerry"), halves)) | {"both": neither, "neither": neither}
    film = Film(DIGEST, "film.mp4", "/film.mp4", float(frames), 25.0, 8, 8, frames)
    return ScreenTime(
        film, {name: estimate(half) for name, half in names.items()}, 60.0, labels, 10, "v001-a", 0.0
    )


def test_the_widest_interval_is_that_of_any_character_in_any_film():
    assert widest([screened([3.0, 5.0])]) == 5.0
    assert widest([screened([3.0, 5.0]), screened([9.0, 1.0])]) == 9.0
    assert widest([screened([0.0, 0.0])]) == 0.0


def test_where_one_film_has_no_interval_the_widest_is_not_known():
    assert widest([]) is None
    assert widest([screened([3.0, 5.0]), screened([None, None])]) is None


def test_the_forecast_is_that_of_accuracy_and_of_the_widest_interval(place):
    version(place, learned=range(12), accuracy=0.6)  # target 0.8, half width 15 s
    assert forecast(place, []) == {"accuracy": 48, "seconds": None}
    # N (N - n) / n must fall to a quarter: (300 - n) / n = 4 / 4, which is 90 more than there are.
    times = [screened([30.0, 2.0])]
    assert forecast(place, times) == {"accuracy": 48, "seconds": 12 + 90}
    assert forecast(place, times * 2) == {"accuracy": 48, "seconds": 12 + 180}
    assert forecast(place, [screened([14.9, 2.0])]) == {"accuracy": 48, "seconds": 12}
    assert forecast(place, [screened([None, None])]) == {"accuracy": 48, "seconds": None}


def test_no_more_labels_are_foretold_than_there_are_frames(place):
    version(place, learned=range(12), accuracy=0.1)
    assert forecast(place, [])["accuracy"] == 243
    assert forecast(place, [screened([1.0, 1.0])])["accuracy"] == 243
    assert forecast(place, [screened([1.0, 1.0], frames=200)])["accuracy"] == 200


def test_a_target_of_one_can_be_promised_by_no_number_of_labels(place):
    version(place, learned=range(12), accuracy=0.6)
    path = place.config_file
    path.write_text(path.read_text("utf-8").replace("target = 0.8", "target = 1.0"), "utf-8")
    assert forecast(place, [screened([1.0, 1.0])]) == {"accuracy": None, "seconds": 12}


def test_before_the_first_round_nothing_can_be_foretold(place):
    assert forecast(place, []) == {"accuracy": None, "seconds": None}


# -- labels that may be wrong ---------------------------------------------------------------------

BY_BLOCK = {0: (0.9, 0.1), 3: (0.8, 0.4), 6: (0.1, 0.9), 9: (0.05, 0.9), 10: (0.4, 0.3)}
SAID = {0: ["tom"], 3: [], 6: ["jerry"], 9: ["tom"], 10: ["tom"], 11: ["tom"]}


@pytest.fixture
def doubted(place):
    """Three of its labels are contradicted by heads that did not learn from their block."""
    say(place, SAID)
    version(place, learned=(0, 3, 6, 9, 10), by_block=BY_BLOCK)
    return place


def which(workspace):
    return [UIDS.index(label.uid) for label, _, _ in suspects(workspace)]


def test_a_label_that_the_model_contradicts_is_listed_with_its_time(doubted):
    found = suspects(doubted)
    assert [(UIDS.index(label.uid), model) for label, model, _ in found] == [
        (9, ["jerry"]), (3, ["tom"]), (10, ["neither"]),
    ]
    assert [confidence for *_, confidence in found] == pytest.approx([0.05, 0.2, 0.4])
    frame = next(frame for frame in doubted.frames() if frame.uid == UIDS[9])
    assert summary(doubted)["suspicious"][0] == told(frame, doubted.schema(), *found[0]) == {
        "uid": UIDS[9], "film": "film.mp4", "second": 9.0, "timecode": "0:00:09.000", "said": "tom",
        "model": "jerry", "confidence": 0.05,
    }
    assert told(frame, doubted.schema(), found[0][0], ["tom", "jerry"], 0.123456)["model"] == "tom, jerry"
    assert told(frame, doubted.schema(), found[0][0], ["tom", "jerry"], 0.123456)["confidence"] == 0.1235


def test_a_label_is_gone_once_it_was_changed_or_confirmed_after_it_was_put_up(doubted):
    doubted.update_progress(doubted={UIDS[i]: MORNING for i in (3, 9)})
    assert which(doubted) == [9, 3, 10]  # put up, and nobody has looked yet
    labels = doubted.labels()
    doubted.write_labels([replace(one, updated_at=EVENING) if one.uid == UIDS[9] else one for one in labels])
    assert which(doubted) == [3, 10]
    assert [one["timecode"] for one in summary(doubted)["suspicious"]] == ["0:00:03.000", "0:00:10.000"]
    # One that was changed before it was ever put up is as doubtful as the others.
    doubted.write_labels([replace(one, updated_at=EVENING) if one.uid == UIDS[10] else one for one in labels])
    assert which(doubted) == [9, 3, 10]


def test_a_corrected_label_is_no_longer_contradicted(doubted):
    say(doubted, SAID | {9: ["jerry"]})
    assert which(doubted) == [3, 10]


def test_labels_on_which_people_disagree_come_first(doubted):
    doubted.update_progress(doubles={UIDS[10]: [["tom"], ["neither"]], UIDS[3]: [["neither"], ["neither"]]})
    assert which(doubted) == [10, 9, 3]


def test_only_the_latest_version_contradicts(doubted):
    version(doubted, 2, learned=(0, 3, 6, 9, 10, 11), by_block={**BY_BLOCK, 3: (0.1, 0.1), 11: (0.3, 0.2)})
    assert which(doubted) == [9, 11, 10]
    version(doubted, 3, learned=(0, 3))  # finetune judges no labels by block
    assert which(doubted) == []


def test_without_a_model_or_after_a_change_of_characters_nothing_is_doubtful(place):
    say(place, SAID)
    assert suspects(place) == []
    version(place, by_block=BY_BLOCK, classes=("jerry", "tom"))
    assert suspects(place) == []


def test_a_label_whose_frame_or_annotation_is_gone_is_none(doubted):
    frames = [frame for frame in doubted.frames() if frame.uid != UIDS[9]]
    doubted.write_frames(doubted.films(), frames)  # such as after `extract --fps` with another rate
    assert which(doubted) == [3, 10]
    assert [one["uid"] for one in summary(doubted)["suspicious"]] == [UIDS[3], UIDS[10]]
    doubted.write_labels([])
    assert suspects(doubted) == []


# -- what seeing a pre-annotation does ------------------------------------------------------------


def test_people_are_compared_by_what_was_on_the_page_when_they_were_asked(place):
    one = version(place, 1, predictions=dict.fromkeys(range(12), (0.9, 0.1)))
    two = version(place, 2, predictions=dict.fromkeys(range(12), (0.1, 0.1)))
    say(place, {0: ["tom"], 1: ["tom"], 2: [], 3: [], 4: ["tom"], 5: ["tom"], 6: ["tom"], 7: ["tom"]})
    audit(place, UIDS[5])
    place.update_progress(
        asked={
            UIDS[0]: one, UIDS[1]: two, UIDS[2]: two, UIDS[3]: one, UIDS[4]: one,
            UIDS[5]: one,  # an audit frame: it is always blind
            UIDS[6]: "",  # asked for before the first version
            UIDS[8]: one,  # has no label yet
        },
        blind=(UIDS[3], UIDS[4], UIDS[5]),
    )
    found = influence_of(place, place.labels())
    # Shown: tom by the first and nobody by the second agree, tom by the second does not.
    assert (found.shown, found.agreed_shown) == (3, pytest.approx(2 / 3))
    assert (found.blind, found.agreed_blind) == (2, 0.5)


def test_answers_to_versions_that_are_gone_or_had_other_classes_do_not_count(place):
    one = version(place, 1, predictions=dict.fromkeys(range(12), (0.9, 0.1)))
    other = version(place, 2, classes=("jerry", "tom"))
    say(place, {0: ["tom"], 1: ["tom"], 2: ["tom"], 3: ["tom"]})
    asked = {UIDS[0]: one, UIDS[1]: one, UIDS[2]: other, UIDS[3]: "v009-gone"}
    place.update_progress(asked=asked, blind=(UIDS[1],))
    found = influence_of(place, place.labels())
    assert (found.shown, found.blind) == (1, 1)
    place.update_progress(blind=(UIDS[2],))
    assert influence_of(place, place.labels()) is None
