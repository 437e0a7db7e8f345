"""The loop: one round, and the loop of rounds until the target.

The one place where labels meet the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from screentime.agreement import by_person
from screentime.batches import waiting
from screentime.errors import NotReady, ScreentimeError
from screentime.gone import gone, keep_gone
from screentime.ground import Ground
from screentime.material import gather
from screentime.pages import fill_tabs, hand_out, push_tasks, restore
from screentime.records import Label, Round
from screentime.showing import clear_away, on_show, show
from screentime.summary import seconds_so_far, widest


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


class Loop(Ground):
    """The steps of the loop on one workspace, see `Ground` for what it takes."""

    def push(self) -> tuple[int, int]:
        """Make the project and the tasks that are missing, and ask for the first batch.

        Returns
        -------
        tuple of int
            Tasks made now, and tasks that were there.
        """
        from screentime.labelstudio.link import project_of

        frames = self.frames
        before = self.workspace.progress()
        project = project_of(self.link, self.config, self.schema, before.project, before.tasks)
        if self.workspace.progress().batch_after is None:
            restore(self, project, self.pull)
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

        damaged = ""
        try:
            known = [label for label in self.workspace.labels_as_pulled() if label.origin != REVIEW]
        except ScreentimeError as error:
            known, damaged = [], error.what
        pulled = pull_labels(self.link.client, self.project(), self.schema, known, self.answers)
        for problem in pulled.problems:
            self.talk.say(problem)
        frames = self.workspace.all_frames()
        there = {frame.uid for frame in frames}
        # Label Studio forgets that a label began as a pre-annotation once that one is replaced.
        before = {(label.uid, label.annotation): label.origin for label in known}
        labels = [
            replace(label, origin=before[label.uid, label.annotation])
            if label.origin == "manual" and (label.uid, label.annotation) in before
            else label
            for label in pulled.labels if label.uid in there
        ]
        if len(labels) < len(pulled.labels):
            self.talk.say(
                f"{len(pulled.labels) - len(labels)} labels belong to frames that are not in this folder"
                " any more; they stay in Label Studio and are left out here."
            )
        keep_gone(self.workspace, gone(known, pulled.answers, pulled.skipped), self.talk)
        labels, notes = merge(labels, pull_reviews(self), frames, self.schema)
        for note in notes:
            self.talk.say(note)
        if damaged:  # not before the labels are here
            kept = self.workspace.keep_labels()
            self.talk.say(f"{damaged} {kept} keeps it; the labels are copied anew.")
        self.workspace.write_labels(labels)
        doubles = {
            uid: [self.schema.choose(one) for one in answers]
            for uid, answers in pulled.doubles.items() if uid in there
        }
        people = by_person({uid: said for uid, said in pulled.answers.items() if uid in there})
        skipped = (pulled.skipped & there) - {label.uid for label in labels}
        self.workspace.update_progress(skipped=tuple(sorted(skipped)), doubles=doubles, people=people)
        return labels

    def train(self, *, curves: bool = True) -> tuple[Round, bool]:
        """Train a version on the pulled labels.

        Parameters
        ----------
        curves : bool, optional
            Whether to draw its learning curves now.

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
        card = make(material, self.workspace.models_folder, self.talk, curves=curves)
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
        before = self.answered()
        written = show(self)
        clear_away(self, before)
        return written

    def sync(self) -> Synced:
        """Pull, train, preannotate. Finishes what an interrupted one began."""
        from screentime.model.runtime import warm_up

        warm_up()
        synced = self.run_round(self.pull())
        clear_away(self, self.answers.counted())
        return synced

    def run_round(self, labels: Sequence[Label]) -> Synced:
        """Train and show what the new version says; older pre-annotations are left to be cleared away.

        Parameters
        ----------
        labels : sequence of Label
            Pulled just now.

        Returns
        -------
        Synced

        Raises
        ------
        NotReady
            If the labels are too few, say all the same, or lie all in one place.
        """
        from screentime.model.versions import draw_curves

        try:
            round_, new = self.train(curves=False)
        except NotReady:
            self.ask_on()
            raise
        if new or self.workspace.progress().shown != round_.version:
            show(self)
        elif not on_show(self):
            self.talk.say(f"What {round_.version} predicts is not on show any more, or not on all frames: shown again.")
            show(self)
        else:
            self.ask_on()
            hand_out(self, self.project())
            fill_tabs(self, self.project())
        # Nobody waits for them; those whose drawing was killed are drawn too.
        draw_curves(self.workspace.models_folder)
        return Synced(len(labels), new, round_)

    def ask_on(self) -> None:
        """Ask for other frames where all that were asked for are skipped."""
        progress = self.workspace.progress()
        if progress.project is None or waiting(self.workspace) or not self.open_frames():
            return
        if set(progress.batch) & set(progress.skipped):
            if self.workspace.rounds():
                show(self)  # other frames are blind now
            else:
                self.choose(None)
                hand_out(self, self.project())
