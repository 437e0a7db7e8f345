"""The loop: one round, and the loop of rounds until the target.

The one place where labels meet the model.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from screentime.batches import ask, next_look, waiting
from screentime.config import Config
from screentime.errors import NotReady, ServerError
from screentime.material import gather
from screentime.pages import fill_tabs, hand_out, open_tasks, push_tasks, restore
from screentime.records import Frame, Label, Round
from screentime.summary import seconds_so_far, widest
from screentime.talk import Talk
from screentime.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np

    from screentime.labelstudio.answers import Answers
    from screentime.labelstudio.link import Link
    from screentime.labelstudio.project import ProjectRef
    from screentime.model.backbone import Backbone

@dataclass(frozen=True)
class Synced:
    """What a `Loop.sync` found and did.

    Attributes
    ----------
    labels : int
        Labels there are.
    new : bool
        Whether a new version was trained; False when nothing had changed.
    round : Round
        The latest round.
    """

    labels: int
    new: bool
    round: Round


class Loop:
    """The steps of the loop on one workspace; keeps the model's parts and the connection warm.

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

    @cached_property
    def frames(self) -> list[Frame]:
        """The workspace's frames."""
        return self.workspace.frames()

    @cached_property
    def backbone(self) -> Backbone:
        """The backbone that the options name."""
        from screentime.model.backbone import open_backbone

        with self.talk.progress("Loading the backbone"):
            return open_backbone(self.config.model.backbone, self.config.model.view, self.talk)

    @cached_property
    def embeddings(self) -> np.ndarray:
        """Embeddings of `frames`, kept on disk."""
        from screentime.model.embeddings import embed_frames

        return embed_frames(
            self.frames, self.workspace.root, self.workspace.embeddings_folder, self.backbone, self.talk
        )

    @cached_property
    def answers(self) -> Answers:
        """What was read of people's answers."""
        from screentime.labelstudio.answers import Answers

        return Answers()

    @cached_property
    def link(self) -> Link:
        """The connected server."""
        from screentime.labelstudio.link import open_link

        with self.talk.progress("Connecting to Label Studio"):
            return open_link(self.config)

    # -- the steps --------------------------------------------------------------------------------

    def push(self) -> tuple[int, int]:
        """Make the project and the tasks that are missing, and ask for the first batch.

        Returns
        -------
        tuple of int
            Tasks made now, and tasks that were there.
        """
        from screentime.labelstudio.link import project_of

        frames = self.frames
        project = project_of(self.link, self.config, self.schema)
        if self.workspace.progress().batch_after is None:
            restore(self, project)
            self.choose(None)
        pushed = push_tasks(self, project, frames, self.workspace.progress().batch)
        hand_out(self, project)
        return pushed.created, pushed.found

    def pull(self) -> list[Label]:
        """Copy labels and reviews out of Label Studio; says what cannot count, and where they contradict.

        Returns
        -------
        list of Label
            Of frames, and of reviews by `screentime.reviews.merge`.
        """
        from screentime.labelstudio.labels import pull_labels
        from screentime.reviews import REVIEW, merge, pull_reviews

        known = [label for label in self.workspace.labels() if label.origin != REVIEW]
        pulled = pull_labels(self.link.client, self.project(), self.schema, known, self.answers)
        for problem in pulled.problems:
            self.talk.say(problem)
        frames = self.workspace.all_frames()
        there = {frame.uid for frame in frames}
        # Label Studio forgets that a label began as a pre-annotation once that one is replaced.
        before = {label.annotation: label.origin for label in known}
        labels = [
            replace(label, origin=before[label.annotation])
            if label.origin == "manual" and label.annotation in before
            else label
            for label in pulled.labels if label.uid in there
        ]
        if len(labels) < len(pulled.labels):
            self.talk.say(
                f"{len(pulled.labels) - len(labels)} labels belong to frames that are not in this folder"
                " any more; they stay in Label Studio and are left out here."
            )
        if before and not any(label.annotation in before for label in labels):
            kept = self.workspace.keep_labels()
            self.talk.say(f"None of the labels pulled before is in Label Studio any more; {kept} keeps them.")
        labels, notes = merge(labels, pull_reviews(self), frames, self.schema)
        for note in notes:
            self.talk.say(note)
        self.workspace.write_labels(labels)
        doubles = {
            uid: [self.schema.choose(one) for one in answers]
            for uid, answers in pulled.doubles.items() if uid in there
        }
        skipped = (pulled.skipped & there) - {label.uid for label in labels}
        self.workspace.update_progress(skipped=tuple(sorted(skipped)), doubles=doubles)
        return labels

    def train(self) -> tuple[Round, bool]:
        """Train a version on the pulled labels.

        Returns
        -------
        Round
            The round of the version.
        bool
            Whether it is new; False when there is one from just these labels and options.
        """
        from screentime.model.versions import make, set_reached

        before = {one.version for one in self.workspace.rounds()}
        material = gather(self.workspace, self.config, self.workspace.all_frames(), self.backbone, self.talk)
        card = make(material, self.workspace.models_folder, self.talk)
        if self.config.loop.stop == "seconds":
            card = set_reached(self.workspace.models_folder / card["version"], self._narrow())
        return Round(**card["round"]), card["version"] not in before

    def _narrow(self) -> bool:
        """Whether every character's interval is as narrow as wanted."""
        half = widest(seconds_so_far(self.workspace))
        answered = len(self.workspace.labels()) + len(self.workspace.progress().skipped)
        # As with the accuracy, one look at the end of the first batch is worth more than a lucky one before.
        enough = answered >= min(self.config.loop.first_batch, len(self.frames))
        return enough and half is not None and half <= self.config.loop.half_width

    def preannotate(self) -> int:
        """Ask for the next frames and show the latest version's predictions on all unlabelled ones.

        Returns
        -------
        int
            How many frames have a pre-annotation now.
        """
        if not self.workspace.rounds():
            raise NotReady("There is no model yet.", "Run `screentime train`.")
        before = self._answered()
        written = self._show()
        self._clear_away(before)
        return written

    def _show(self) -> int:
        """`preannotate`, but that older versions' predictions stay, which nobody is shown."""
        from screentime.batches import scores
        from screentime.labelstudio.predictions import write_predictions
        from screentime.labelstudio.tasks import list_tasks

        version = self.workspace.rounds()[-1].version
        probabilities, project = self._probabilities(), self.project()
        self._require_tasks(self.workspace.progress().tasks)
        on_show = open_tasks(self, project)
        self.choose(self._probabilities(smoothed=False))
        decided = self.schema.decide(probabilities)
        labelled = {label.uid for label in self.workspace.labels()}
        progress = self.workspace.progress()
        tasks, blind = progress.tasks, set(progress.blind)
        score = scores(self.frames, progress, self.schema.certainty(probabilities))
        items = [
            (tasks[frame.uid], None if frame.uid in blind else self.schema.decode(row), score[frame.uid])
            for frame, row in zip(self.frames, decided)
            if frame.uid not in labelled
        ]
        try:
            with self.talk.progress("Writing pre-annotations") as step:
                write_predictions(
                    self.link.client, project, self.schema, version, items, open=on_show, progress=step
                )
        except ServerError:
            # One task that somebody deleted makes Label Studio refuse them all.
            self._require_tasks(list_tasks(self.link.client, project))
            raise
        hand_out(self, project)
        fill_tabs(self, project)
        # Last: killed on the way here, the next command does the rest.
        self.workspace.update_progress(shown=version)
        return len(items)

    def _clear_away(self, before: tuple[int, int]) -> None:
        """Delete the predictions of older versions, which nobody is shown any more.

        Where as many frames are answered as before, nobody is labelling.
        """
        rest = self._cleared(alone=self._answered() == before)
        for first in rest:
            with self.talk.progress("Deleting older pre-annotations") as step:
                for done, total in chain([first], rest):
                    step(done, total)

    def _cleared(self, *, alone: bool = False) -> Iterator[tuple[int, int]]:
        """`_clear_away` step by step."""
        from screentime.labelstudio.predictions import clear_away

        progress = self.workspace.progress()
        if not progress.shown:
            return iter(())
        order = dict.fromkeys([*progress.batch, *progress.tasks])
        tasks = [progress.tasks[uid] for uid in order if uid in progress.tasks]
        return clear_away(self.link.client, self._known_project(), progress.shown, tasks, alone=alone)

    def sync(self) -> Synced:
        """Pull, train, preannotate. Finishes what an interrupted one began."""
        synced = self._round(self.pull())
        self._clear_away(self.answers.counted())
        return synced

    def _round(self, labels: Sequence[Label]) -> Synced:
        try:
            round_, new = self.train()
        except NotReady:
            self._ask_on()
            raise
        if new or self.workspace.progress().shown != round_.version:
            self._show()
        else:
            self._ask_on()
            fill_tabs(self, self.project())
        return Synced(len(labels), new, round_)

    def watch(self, pause: float = 0.5) -> Synced:
        """Sync whenever enough new labels came, until the target is reached or no frame is left.

        Enough is ``every`` new labels, or all frames that were asked for.

        Parameters
        ----------
        pause : float
            Seconds between two looks at the server; older pre-annotations are deleted meanwhile.

        Returns
        -------
        Synced
            The round that reached the target, or learned from the last label.
        """
        self.project()
        url = self.workspace.progress().url
        self.talk.say(f"Watching for labels; label at {url} , and end this with Ctrl+C.")
        seen = None
        while True:
            count = self._answered()
            if count != seen:
                synced = self._sync_if_enough(self.pull())
                if synced and (synced.round.target_reached or not self._open()):
                    self._clear_away(count)
                    return synced
                if synced or seen is None:
                    rest = self._cleared()
                seen = count
            until = time.monotonic() + pause
            while time.monotonic() < until and next(rest, None):
                pass
            time.sleep(max(until - time.monotonic(), 0))

    def _sync_if_enough(self, labels: Sequence[Label]) -> Synced | None:
        rounds = self.workspace.rounds()
        learned = rounds[-1].labels if rounds else 0
        self._ask_on()
        left = waiting(self.workspace)
        enough = len(labels) >= next_look(learned, self.config.loop) or (not left and len(labels) > learned)
        finished = bool(rounds) and rounds[-1].target_reached and len(labels) == learned
        if not enough and not finished:
            self.talk.say(f"{len(labels)} labels, {left} frames still wait.")
            return None
        try:
            synced = self._round(labels)
        except NotReady as error:
            self.talk.say(f"{error.what} {error.remedy}")
            return None
        self.talk.say(
            f"{synced.round.version}: {synced.labels} labels, validation accuracy"
            f" {synced.round.validation_accuracy:.2f}."
        )
        return synced

    # -- what they share --------------------------------------------------------------------------

    def project(self) -> ProjectRef:
        """The workspace's project on the server."""
        from screentime.labelstudio.project import get_project

        return get_project(self.link.client, self._known_project().id, self.schema)

    def _answered(self) -> tuple[int, int]:
        from screentime.labelstudio.project import answered

        return answered(self.link.client, self._known_project())

    def _known_project(self) -> ProjectRef:
        """The workspace's project, without a look whether it is still there and as it was."""
        from screentime.labelstudio.project import reference

        number = self.workspace.progress().project
        if number is None:
            raise NotReady("The frames are not in Label Studio yet.", "Run `screentime push`.")
        return reference(self.link.client, number)

    def _require_tasks(self, tasks: Mapping[str, int]) -> None:
        missing = sum(frame.uid not in tasks for frame in self.frames)
        if missing:
            raise NotReady(f"{missing} frames are not in Label Studio.", "Run `screentime push`.")

    def _ask_on(self) -> None:
        """Ask for other frames where all that were asked for are skipped."""
        progress = self.workspace.progress()
        if progress.project is None or waiting(self.workspace) or not self._open():
            return
        if set(progress.batch) & set(progress.skipped):
            if self.workspace.rounds():
                self._show()  # other frames are blind now
            else:
                self.choose(None)
                hand_out(self, self.project())

    def _open(self) -> set[str]:
        """Frames of the project's films that are neither labelled nor skipped."""
        progress = self.workspace.progress()
        answered = {label.uid for label in self.workspace.labels()} | set(progress.skipped)
        return ({frame.uid for frame in self.frames} & progress.tasks.keys()) - answered

    def _probabilities(self, *, smoothed: bool = True) -> np.ndarray:
        from screentime.model.tables import read_predictions

        version = self.workspace.rounds()[-1].version
        return read_predictions(self.workspace.models_folder / version, self.frames, self.schema, smoothed=smoothed)

    def choose(self, probabilities: np.ndarray | None) -> None:
        """Choose the frames to label next, see `screentime.batches.ask`."""
        ask(
            self.workspace, self.config, self.frames, lambda: self.embeddings, probabilities, self.most
        )
