"""Where a project stands, as its folder keeps it: records without any file."""

from __future__ import annotations

from dataclasses import dataclass, field

from screentime.agreement import Annotator
from screentime.records import Film, Frame, Review, Round


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the loop stands; kept in ``loop.json``.

    Attributes
    ----------
    project : int or None
        Label Studio's number of the project, once it was pushed.
    tab : int or None
        Label Studio's number of the tab that hands them out.
    url : str
        Address of the page that hands out the frames wanted next; empty before the first push.
    others : tuple of str
        Addresses of such pages for the second person, the third and so on, where several label at once.
    tasks : dict of str to int
        Frame uid to Label Studio's task number.
    batch : tuple of str
        Uids of the frames that were asked for last, in their order.
    dealt : dict of str to int
        Uid of each of them to the person on whose page it is, from 0; after them, those of frames that
        were on a page before and are not answered.
    batch_after : str or None
        The model version after which that batch was chosen; empty for the first batch, None before.
    audits : dict of str to dict
        Uid to the draw of each audit frame that is labelled or asked for: ``block`` (first and last
        second), ``seed`` and ``probability``. The frame's task says the same.
    asked : dict of str to str
        Uid to the model version whose pre-annotations were shown when the frame was last asked for;
        empty text before the first version.
    blind : tuple of str
        Uids of the frames that were asked for without a pre-annotation, though there was a version.
    doubles : dict of str to list
        Uid to the answers of the people, where several labelled a frame.
    people : tuple of Annotator
        Who labelled how much, how fast, and how often as others did.
    doubted : dict of str to str
        Uid of each label that was put up for a second look, to when it had last been changed then.
    look_again : str
        Address of the page with the labels that are up for a second look; empty while there are none.
    confirm_sure, confirm_unsure : str
        Addresses of the pages where other pre-annotations are confirmed: many at once, and one by one;
        empty while there are none.
    others_unsure : tuple of str
        The latter page for the second person, the third and so on; empty text for one without frames.
    skipped : tuple of str
        Uids of the frames that people skipped.
    shown : str
        The model version whose pre-annotations the page shows; empty before the first.
    """

    project: int | None = None
    tab: int | None = None
    url: str = ""
    others: tuple[str, ...] = ()
    tasks: dict[str, int] = field(default_factory=dict)
    batch: tuple[str, ...] = ()
    dealt: dict[str, int] = field(default_factory=dict)
    batch_after: str | None = None
    audits: dict[str, dict] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    blind: tuple[str, ...] = ()
    doubles: dict[str, list[list[str]]] = field(default_factory=dict)
    people: tuple[Annotator, ...] = ()
    doubted: dict[str, str] = field(default_factory=dict)
    look_again: str = ""
    confirm_sure: str = ""
    confirm_unsure: str = ""
    others_unsure: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Audited:
    """Another film of which a few frames are labelled to judge by; kept in ``audited.json``.

    Attributes
    ----------
    film : Film
    frames : list of Frame
        The ones that were drawn.
    marks : dict of str to dict
        Uid to the draw, as in `Progress.audits`.
    """

    film: Film
    frames: list[Frame]
    marks: dict[str, dict]


@dataclass(frozen=True, slots=True)
class AskedReview:
    """A film whose timeline was put up for a person; kept in ``reviews.json``.

    Attributes
    ----------
    film : Film
    project, task : int
        Label Studio's numbers of the film's own project and its one task.
    url : str
        Page on which the film plays.
    version : str
        The model version whose appearances the page shows.
    """

    film: Film
    project: int
    task: int
    url: str
    version: str


@dataclass(frozen=True, slots=True)
class Reviews:
    """All of ``reviews.json``.

    Attributes
    ----------
    asked : list of AskedReview
        In the order in which they were asked for.
    done : list of Review
        The pulled copy of what people submitted.
    """

    asked: list[AskedReview]
    done: list[Review]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What a version's card says of how often it is right; see `screentime.model.judging.judge`."""

    validation: float
    value: float
    low: float
    high: float
    frames: int
    judged_on: str
    random_split: float | None
    whole_blocks: float | None


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What of a version's card the project goes by; the card says more.

    Attributes
    ----------
    version : str
        Also the name of its folder.
    round : Round
    accuracy : Accuracy
    label_uids, held_out_uids : list of str
        Labels there were, and those of them that the network did not learn from.
    history : dict of str to list of float
        Keras's record of the training.
    """

    version: str
    round: Round
    accuracy: Accuracy
    label_uids: list[str]
    held_out_uids: list[str]
    history: dict[str, list[float]] = field(default_factory=dict)
