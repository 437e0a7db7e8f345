"""What the steps of the loop stand on: made once, and what is missing is said with the command that makes it."""

import pytest

from screentime.errors import NotReady
from screentime.ground import Ground
from screentime.talk import Talk


def test_the_model_s_parts_and_the_connection_are_made_once(cartoon_loop):
    ground = Ground(cartoon_loop.workspace, cartoon_loop.config, Talk())
    assert ground.backbone is ground.backbone and ground.link is ground.link and ground.frames is ground.frames
    assert ground.embeddings.shape[0] == len(ground.frames) and ground.embeddings is ground.embeddings
    again = ground.connect(seconds=20.0, again=False)
    assert ground.link is again


def test_before_the_push_there_is_no_project_and_no_open_frame(cartoon_loop):
    with pytest.raises(NotReady) as caught:
        cartoon_loop.project()
    assert str(caught.value) == "The frames are not in Label Studio yet. Run `screentime push`."
    assert cartoon_loop.open_frames() == set()
    with pytest.raises(NotReady) as caught:
        cartoon_loop.require_tasks({})
    assert str(caught.value) == f"{len(cartoon_loop.frames)} frames are not in Label Studio. Run `screentime push`."


def test_labelled_frames_are_not_open(cartoon_loop, cartoon_annotator):
    cartoon_loop.push()
    cartoon_annotator(3)
    labelled = {label.uid for label in cartoon_loop.pull()}
    assert len(labelled) == 3 and cartoon_loop.answered() == (3, 0)
    assert cartoon_loop.open_frames() == {frame.uid for frame in cartoon_loop.frames} - labelled
    cartoon_loop.require_tasks(cartoon_loop.workspace.progress().tasks)
