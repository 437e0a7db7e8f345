"""Round after round on a real server, while somebody labels."""

from screentime.config import override
from screentime.labelstudio.predictions import prediction_versions
from screentime.rounds import Loop
from screentime.summary import seconds_so_far
from screentime.talk import Talk
from screentime.watching import watch


class Heard(Talk):
    def __init__(self):
        self.sentences = []

    def say(self, sentence):
        self.sentences.append(sentence)


def test_watching_ends_when_every_frame_has_its_label(cartoon_loop, cartoon_annotator):
    cartoon_loop.push()
    loop = Loop(cartoon_loop.workspace, override(cartoon_loop.config, {"target": 1.0, "batch": 40, "every": 40}), Talk())
    cartoon_annotator(24)
    loop.sync()
    cartoon_annotator(40)
    synced = watch(loop, pause=0.05)
    assert synced.labels == 40
    [time] = seconds_so_far(cartoon_loop.workspace)
    assert all(one.low == one.seconds == one.high for one in time.estimates.values())


def test_watching_ends_with_the_round_that_reaches_the_target(cartoon_loop, cartoon_annotator):
    cartoon_loop.push()
    cartoon_annotator(24)
    heard = Heard()
    loop = Loop(cartoon_loop.workspace, override(cartoon_loop.config, {"target": 0.05}), heard)
    synced = watch(loop, pause=0.05)
    assert synced.round.target_reached and synced.labels == 24
    assert heard.sentences[0].startswith("Watching for labels; label at http://127.0.0.1:")
    # Once reached, a second watch ends at once.
    assert watch(loop, pause=0.05).round == synced.round


def test_while_it_watches_it_clears_away_what_is_left_and_still_sees_labels(
    cartoon_loop, cartoon_annotator, ls_home, monkeypatch
):
    monkeypatch.setattr("screentime.labelstudio.predictions.TOGETHER", 4)
    monkeypatch.setattr("screentime.labelstudio.log.LONGEST", 2000)
    monkeypatch.setattr("screentime.labelstudio.log.KEPT", 500)
    cartoon_loop.push()
    cartoon_annotator(8)
    cartoon_loop.sync()
    cartoon_annotator(4)
    loop = Loop(cartoon_loop.workspace, override(cartoon_loop.config, {"target": 1.0}), Talk())
    versions = []

    def pass_by(seconds):
        """A person labels whenever the watching has nothing to do."""
        versions.append(prediction_versions(loop.link.client, loop.project()))
        cartoon_annotator(40)

    monkeypatch.setattr("screentime.watching.time.sleep", pass_by)
    synced = watch(loop, pause=5)
    assert synced.labels == 40
    # Nothing of an older version was left before it rested.
    assert versions and all(len(one) == 1 for one in versions)
    # The server's log is kept short meanwhile.
    assert (ls_home / "labelstudio" / "server.log.1").stat().st_size == 500


def test_too_many_older_pre_annotations_are_cleared_away_before_the_next_round(
    cartoon_loop, cartoon_annotator, monkeypatch
):
    monkeypatch.setattr("screentime.labelstudio.predictions.TOGETHER", 0)
    monkeypatch.setattr("screentime.showing.MOST_OLDER", 0)
    # Somebody labels so fast that the watching never has time to clear away.
    monkeypatch.setattr("screentime.watching.cleared", lambda loop: iter(()))
    cartoon_loop.push()
    cartoon_annotator(24)
    loop = Loop(cartoon_loop.workspace, override(cartoon_loop.config, {"target": 1.0}), Talk())
    there = []

    def pass_by(seconds):
        there.append(prediction_versions(loop.link.client, loop.project()))
        cartoon_annotator(4)

    monkeypatch.setattr("screentime.watching.time.sleep", pass_by)
    synced = watch(loop, pause=0.05)
    assert synced.labels == 40
    # What one round leaves is gone when the next but one is shown.
    assert max(map(len, there)) == 2 and len(loop.workspace.rounds()) == 5


def test_as_many_labels_taken_back_as_given_are_seen_and_others_are_asked_for(
    cartoon_loop, cartoon_annotator, monkeypatch
):
    monkeypatch.setattr("screentime.watching.LOOK_AGAIN_SECONDS", 0)
    cartoon_loop.push()
    cartoon_annotator(24)
    cartoon_loop.sync()
    given = [label.annotation for label in cartoon_loop.workspace.labels()][:6]
    loop = Loop(cartoon_loop.workspace, override(cartoon_loop.config, {"target": 1.0, "every": 40}), Talk())
    looks = []

    def pass_by(seconds):
        looks.append(loop.answered()[0])
        assert len(looks) < 50, "the watching never saw it"
        if len(looks) == 1:
            # All six that were asked for are labelled, and six are taken back before the next look.
            assert cartoon_annotator(40) == 6
            for annotation in given:
                loop.link.client.request("DELETE", f"api/annotations/{annotation}/")
        else:
            cartoon_annotator(40)

    monkeypatch.setattr("screentime.watching.time.sleep", pass_by)
    synced = watch(loop, pause=0.05)
    assert synced.labels == 40 and looks[:2] == [24, 24]
    assert [one.labels for one in loop.workspace.rounds()][:3] == [24, 24, 30]
