import pytest

from screentime.demo.outcome import outcome


def test_the_outcome_is_held_against_the_truth(cartoon_loop, cartoon_annotator, cartoon):
    cartoon_loop.push()
    cartoon_annotator(12)
    version = cartoon_loop.sync().round.version
    truth = {frame.uid: cartoon[1][int(frame.second)] for frame in cartoon_loop.frames}
    result = outcome(cartoon_loop.workspace, truth, 1.23456)
    assert (result["mode"], result["labels"], result["seconds"]) == ("multi", 12, 1.235)
    assert [one["version"] for one in result["rounds"]] == [version]
    for name in ("cat", "mouse"):
        assert result["screen_time"][name]["true_seconds"] == sum(name in said for said in cartoon[1])

    # The accuracy counts the 28 frames without a label and no other.
    labelled = {label.uid for label in cartoon_loop.workspace.labels()}
    lines = (cartoon_loop.workspace.models_folder / version / "predictions.csv").read_text().split()[1:]
    said = {row[0]: (float(row[1]) >= 0.5, float(row[2]) >= 0.5) for row in (line.split(",") for line in lines)}
    rest = [uid for uid in truth if uid not in labelled]
    assert len(rest) == 28
    for column, name in enumerate(("cat", "mouse")):
        right = sum(said[uid][column] == (name in truth[uid]) for uid in rest)
        assert result["accuracy_unlabelled"][name] == pytest.approx(right / 28, abs=1e-4)
