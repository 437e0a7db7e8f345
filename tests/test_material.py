import pytest

from screentime.config import Config, Project, override
from screentime.errors import NotReady
from screentime.material import NEVER, gather
from screentime.records import Film, Frame, Label
from screentime.talk import Talk
from screentime.workspace import create

DIGEST = "a" * 16
UIDS = [f"{DIGEST}-{i:09d}" for i in range(100)]


class Heard(Talk):
    def __init__(self):
        self.sentences = []

    def say(self, sentence):
        self.sentences.append(sentence)


@pytest.fixture
def place(tmp_path):
    project = Project(id="0123456789ab", title="t", characters=("cat",), films=("x.mp4",))
    workspace = create(tmp_path, override(Config(project=project), {"target": 0.7, "first_batch": 20}))
    # Each shot takes five seconds, so a block takes two of them.
    frames = [Frame(uid, f"frames/x/{i}.jpg", i, float(i), "x.mp4", i // 5) for i, uid in enumerate(UIDS)]
    workspace.write_frames([Film(DIGEST, "x.mp4", "x.mp4", 100.0, 1.0, 8, 8, 100)], frames)
    return workspace


def say(workspace, indices, cat=lambda i: i % 2):
    workspace.write_labels([
        Label(UIDS[i], frozenset({"cat"} if cat(i) else ()), 1, i, "1", "2026-01-02T03:04:05Z", "manual") for i in indices
    ])


def audit(workspace, indices):
    """Let frames be audit frames."""
    workspace.update_progress(audits={
        UIDS[i]: {"block": [float(i), float(i + 3)], "seed": 1, "probability": 0.25} for i in indices
    })


def material(place, talk=None):
    return gather(place, place.config(), place.frames(), None, talk or Talk())


def test_audit_frames_validate_and_the_target_counts_from_eight_of_them(place):
    say(place, range(0, 100, 4), cat=lambda i: i % 8)
    audit(place, range(0, 32, 4))
    heard = Heard()
    found = material(place, heard)
    assert heard.sentences == []
    assert (found.fold[:8] >= 0).all() and (found.fold[8:] == -1).all()
    assert found.split == "8 audit frames, drawn at random one in each block of time"
    assert found.target == 0.7


def test_no_verdict_before_the_first_batch_is_done(place):
    audit(place, range(0, 40, 4))
    say(place, range(0, 76, 4), cat=lambda i: i % 8)
    heard = Heard()
    assert material(place, heard).target == NEVER
    assert heard.sentences == ["The accuracy can end the loop when the first 20 frames are labelled."]
    place.update_progress(skipped=(UIDS[99],))
    assert material(place).target == 0.7


def test_too_few_audit_frames_give_no_verdict_and_that_is_said(place):
    say(place, range(0, 100, 4), cat=lambda i: i % 8)
    audit(place, range(0, 24, 4))
    heard = Heard()
    assert material(place, heard).target == NEVER
    assert heard.sentences == ["Only 6 frames judge the accuracy: it ends the loop from 8 on."]


def test_without_audit_frames_blocks_validate_and_that_is_said(place):
    say(place, range(0, 100, 4), cat=lambda i: i % 8)
    heard = Heard()
    found = material(place, heard)
    assert (found.fold >= 0).all() and found.target == 0.7
    assert heard.sentences == [
        "The accuracy is judged on all labels, in blocks of whole shots and ten seconds or more, for want of"
        " labelled audit frames: a rough figure."
    ]
    assert found.split == (
        "all labels, in blocks of whole shots and ten seconds or more, for want of labelled audit frames"
    )
    # A block begins at 12 s. At 24 s it is long enough, but the shot goes on; the next one begins at 28 s.
    assert found.block[:8].tolist() == [0, 0, 0, 1, 1, 1, 1, 2]
    assert all(len(set(found.fold[found.block == number])) == 1 for number in found.block)
    assert len(set(found.fold)) > 1


def test_labelled_audit_frames_judge_at_once_whatever_others_of_their_batch_still_wait(place):
    audit(place, range(0, 60, 4))
    place.update_progress(batch=tuple(UIDS[i] for i in range(0, 60, 4)))
    say(place, range(20, 100, 4), cat=lambda i: i % 8)
    heard = Heard()
    found = material(place, heard)
    assert heard.sentences == []
    assert (found.split, found.target) == ("10 audit frames, drawn at random one in each block of time", 0.7)
    assert (found.fold[:10] >= 0).all() and (found.fold[10:] == -1).all()


def test_while_audit_frames_wait_for_their_label_the_rough_figure_does_not_end_the_loop(place):
    audit(place, range(0, 12, 4))  # three, and four are the fewest
    say(place, range(0, 100, 4), cat=lambda i: i % 8)
    heard = Heard()
    assert material(place, heard).target == NEVER
    assert heard.sentences == [
        "The accuracy is judged on all labels, in blocks of whole shots and ten seconds or more, for want of"
        " labelled audit frames: a rough figure, which does not end the loop."
    ]


def test_where_the_intervals_end_the_loop_no_accuracy_does(place):
    say(place, range(0, 100, 4), cat=lambda i: i % 8)
    audit(place, range(0, 32, 4))
    heard = Heard()
    narrow = override(place.config(), {"stop": "seconds"})
    assert gather(place, narrow, place.frames(), None, heard).target == NEVER
    assert heard.sentences == []
    assert material(place).target == 0.7


@pytest.mark.parametrize(
    ("indices", "cat", "words"),
    [
        (range(3), lambda i: i % 2, "There are 3 labels and training needs 8. Run `screentime push`."),
        (range(0, 100, 5), lambda i: True, "All labels say the same. Label frames that show something else too."),
        (
            range(10), lambda i: i % 2,
            "All labelled frames lie within one shot or ten seconds of one another. Label frames elsewhere"
            " too.",
        ),
    ],
)
def test_what_cannot_be_learned_from_is_said(place, indices, cat, words):
    say(place, indices, cat)
    with pytest.raises(NotReady) as caught:
        material(place)
    assert words in str(caught.value)
