"""What the steps of the loop stand on: a workspace, its options, the connection and the model's parts, kept warm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from screentime.batches import ask
from screentime.config import Config
from screentime.errors import NotReady
from screentime.lazily import lazily
from screentime.records import Frame
from screentime.talk import Talk
from screentime.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np

    from screentime.labelstudio.answers import Answers
    from screentime.labelstudio.link import Link
    from screentime.labelstudio.project import ProjectRef
    from screentime.model.backbone import Backbone


class Ground:
    """One workspace, with the model's parts and the connection made when they are first asked for.

    Parameters
    ----------
    workspace : Workspace
    config : Config
        The workspace's options, with those of the command line.
    talk : Talk
    most : int, optional
        Plan for so many labels in all: until there are so many, never ask for more.
    """

    def __init__(
        self, workspace: Workspace, config: Config, talk: Talk, most: int | None = None
    ) -> None:
        self.workspace = workspace
        self.config = config
        self.talk = talk
        self.most = most
        self.schema = workspace.schema()

    @lazily
    def frames(self) -> list[Frame]:
        """The workspace's frames."""
        return self.workspace.frames()

    @lazily
    def backbone(self) -> Backbone:
        """The backbone that the options name."""
        from screentime.model.backbone import open_backbone

        with self.talk.progress("Loading the backbone"):
            return open_backbone(self.config.model.backbone, self.config.model.view, self.talk)

    @lazily
    def embeddings(self) -> np.ndarray:
        """Embeddings of `frames`, kept on disk."""
        from screentime.model.embeddings import embed_frames

        return embed_frames(
            self.frames, self.workspace.root, self.workspace.embeddings_folder, self.backbone, self.talk
        )

    @lazily
    def answers(self) -> Answers:
        """What was read of people's answers."""
        from screentime.labelstudio.answers import Answers

        return Answers()

    @lazily
    def link(self) -> Link:
        """The connected server."""
        return self.connect()

    def connect(self, **patience: Any) -> Link:
        """Connect to the server, which is `link` from then on.

        Parameters
        ----------
        **patience : optional
            See `screentime.labelstudio.link.open_link`: how long, and whether again.

        Returns
        -------
        Link
        """
        from screentime.labelstudio.link import open_link

        with self.talk.progress("Connecting to Label Studio"):
            self.link = open_link(self.config, self.talk.say, **patience)
        return self.link

    def project(self) -> ProjectRef:
        """The workspace's project on the server."""
        from screentime.labelstudio.project import get_project

        return get_project(
            self.link.client, self.known_project().id, self.schema, workspace_id=self.config.project.id
        )

    def answered(self, **patience: float) -> tuple[int, int]:
        """How many labels and how many skips are in Label Studio, see `screentime.labelstudio.project.answered`."""
        from screentime.labelstudio.project import answered

        return answered(self.link.client, self.known_project(), **patience)

    def known_project(self) -> ProjectRef:
        """The workspace's project, without a look whether it is still there and as it was."""
        from screentime.labelstudio.project import reference

        number = self.workspace.progress().project
        if number is None:
            raise NotReady("The frames are not in Label Studio yet.", "Run `screentime push`.")
        return reference(self.link.client, number)

    def require_tasks(self, tasks: Mapping[str, int]) -> None:
        """See that every frame has a task."""
        missing = sum(frame.uid not in tasks for frame in self.frames)
        if missing:
            raise NotReady(f"{missing} frames are not in Label Studio.", "Run `screentime push`.")

    def open_frames(self) -> set[str]:
        """Frames of the project's films that are neither labelled nor skipped."""
        progress = self.workspace.progress()
        answered = {label.uid for label in self.workspace.labels()} | set(progress.skipped)
        return ({frame.uid for frame in self.frames} & progress.tasks.keys()) - answered

    def probabilities(self, *, smoothed: bool = True) -> np.ndarray:
        """What the latest version says of the frames, shape (n, k)."""
        from screentime.model.tables import read_predictions

        version = self.workspace.rounds()[-1].version
        return read_predictions(self.workspace.models_folder / version, self.frames, self.schema, smoothed=smoothed)

    def choose(self, probabilities: np.ndarray | None) -> None:
        """Choose the frames to label next, see `screentime.batches.ask`."""
        ask(
            self.workspace, self.config, self.frames, lambda: self.embeddings, probabilities, self.most
        )
