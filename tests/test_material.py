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
    frames = [Frame(uid, f"frames/x/{i}.jpg", i, float(i), "x.mp4") for i, uid in enumerate(UIDS)]
    workspace.write_frames([Film(DIGEST, "x.mp4", "x.mp4", 100.0, 1.0, 8, 8, 100)], frames)
    return workspace


def say(workspace, indices, cat=lambda i: i % 2):
    workspace.write_labels([
        Label(UIDS[i], frozenset({"cat"} if cat(i) else ()), 1, i, "1", "", "manual") for i in indices
    ])


def material(place, talk=None):
    return gather(place, place.config(), place.frames(), None, talk or Talk())


def test_audit_frames_validate_and_the_target_counts_from_eight_of_them(place):
    say(place, range(0, 100, 4), cat=lambda i: i % 8)
    place.update_progress(audit=tuple(UIDS[i] for i in range(0, 32, 4)))
    found = material(place)
    assert (found.fold[:8] >= 0).all() and (found.fold[8:] == -1).all()
    assert found.split == "8 audit frames, drawn at random one in each block of time"
    assert found.target == 0.7


def test_no_verdict_before_the_first_batch_is_done(place):
    audit = tuple(UIDS[i] for i in range(0, 40, 4))
    place.update_progress(audit=audit)
    say(place, range(0, 76, 4), cat=lambda i: i % 8)
    heard = Heard()
    assert material(place, heard).target == NEVER
    assert heard.sentences == ["The accuracy can end the loop when the first 20 frames are labelled."]
    place.update_progress(skipped=(UIDS[99],))
    assert material(place).target == 0.7


def test_too_few_audit_frames_give_no_verdict_and_that_is_said(place):
    say(place, range(0, 100, 4), cat=lambda i: i % 8)
    place.update_progress(audit=tuple(UIDS[i] for i in range(0, 24, 4)))
    heard = Heard()
    assert material(place, heard).target == NEVER
    assert heard.sentences == ["Only 6 frames judge the accuracy: it ends the loop from 8 on."]


def test_without_audit_frames_blocks_validate_and_that_is_said(place):
    say(place, range(0, 100, 4), cat=lambda i: i % 8)
    heard = Heard()
    found = material(place, heard)
    assert (found.fold >= 0).all() and found.target == 0.7
    assert heard.sentences == [
        "The accuracy is judged on all labels, in blocks of ten seconds kept whole, for want of labelled audit"
        " frames: a rough figure."
    ]


def test_the_audit_frames_of_a_batch_wait_until_all_of_them_have_their_label(place):
    audit = tuple(UIDS[i] for i in range(0, 40, 4))
    place.update_progress(audit=audit, batch=audit)
    say(place, range(4, 100, 4), cat=lambda i: i % 8)
    heard = Heard()
    found = material(place, heard)
    assert found.split.startswith("all labels") and found.target == NEVER
    assert heard.sentences[0].endswith("a rough figure, which does not end the loop.")
    place.update_progress(skipped=(UIDS[0],))
    assert material(place).split.startswith("9 audit frames")


@pytest.mark.parametrize(
    ("indices", "cat", "words"),
    [
        (range(3), lambda i: i % 2, "There are 3 labels and training needs 8. Run `screentime push`."),
        (range(0, 100, 5), lambda i: True, "All labels say the same. Label frames that show something else too."),
        (range(10), lambda i: i % 2, "All labelled frames lie within ten seconds of one another."),
    ],
)
def test_what_cannot_be_learned_from_is_said(place, indices, cat, words):
    say(place, indices, cat)
    with pytest.raises(NotReady) as caught:
        material(place)
    assert words in str(caught.value)
