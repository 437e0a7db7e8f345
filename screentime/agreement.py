"""How far people agree who labelled the same frames: pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from screentime.records import Label


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the frames that several people labelled say of how far labels can be trusted.

    Attributes
    ----------
    frames : int
        Frames with the answers of two or more people.
    agreed : int
        How many of them got the same answer from everyone.
    alpha : float or None
        Krippendorff's alpha: 1 when all agree, 0 when they agree no more than by chance, less when they
        agree less than that. None when all answers of all frames are the same: then nothing could have
        been confused.
    """

    frames: int
    agreed: int
    alpha: float | None


def agreement(doubles: Sequence[Sequence[frozenset[str]]]) -> Agreement | None:
    """Agreement of people about whole answers: sets of characters that are the same or are not.

    Krippendorff's alpha for nominal data, any number of people and missing answers [1]_.

    Parameters
    ----------
    doubles : sequence of sequence of frozenset of str
        The answers of each frame, one a person; frames with fewer than two say nothing and are left out.

    Returns
    -------
    Agreement or None
        None when no frame has two answers.

    References
    ----------
    .. [1] Krippendorff: Computing Krippendorff's Alpha-Reliability, Annenberg School for Communication,
       University of Pennsylvania, 2011, section C.
    """
    counted = [Counter(answers) for answers in doubles if len(answers) > 1]
    if not counted:
        return None
    agreed = sum(len(answers) == 1 for answers in counted)
    # Pairs of differing answers, within frames and among all answers at large. A frame with m answers has
    # m (m - 1) pairs and weighs m, so that one with many answers does not outweigh the others.
    within = sum(_differing(answers) / (answers.total() - 1) for answers in counted)
    everything = sum(counted, Counter())
    at_large = _differing(everything)
    alpha = 1 - (everything.total() - 1) * within / at_large if at_large else None
    return Agreement(len(counted), agreed, alpha)


def _differing(answers: Counter[frozenset[str]]) -> int:
    """Ordered pairs of answers that are not the same."""
    return answers.total() ** 2 - sum(n * n for n in answers.values())


@dataclass(frozen=True, slots=True)
class Annotator:
    """One person's labels.

    Attributes
    ----------
    person : str
        Label Studio's number of the person.
    labels : int
        Frames that the person labelled.
    shared : int
        Answers that others gave to the same frames.
    agreed : int
        How many of these are the same as the person's.
    timed : int
        Labels of which the time is known.
    median : float or None
        Seconds of one timed label; None where there is none.
    """

    person: str
    labels: int
    shared: int
    agreed: int
    timed: int
    median: float | None


def by_person(answers: Mapping[str, Sequence[Label]]) -> tuple[Annotator, ...]:
    """Who labelled how much, how fast, and how often as others did.

    Each is compared with the others' answers: the label that came of them is the person's own vote too, and where two
    differ it is the newer answer, which would say no more than who came last.

    Parameters
    ----------
    answers : mapping of str to sequence of Label
        Frame uid to the answers of the people, one a person.

    Returns
    -------
    tuple of Annotator
        Who labelled most comes first.
    """
    given: dict[str, list[tuple[Label, int, int]]] = {}
    for said in answers.values():
        alike = Counter(one.characters for one in said)
        for one in said:
            given.setdefault(one.annotator, []).append((one, len(said) - 1, alike[one.characters] - 1))
    found = []
    for person, theirs in given.items():
        times = [one.lead_time for one, _, _ in theirs if one.lead_time is not None]
        found.append(Annotator(
            person, len(theirs), sum(others for _, others, _ in theirs), sum(same for _, _, same in theirs),
            len(times), median(times) if times else None,
        ))
    return tuple(sorted(found, key=lambda one: (-one.labels, len(one.person), one.person)))


@dataclass(frozen=True, slots=True)
class Influence:
    """How much seeing a pre-annotation makes people agree with it.

    Attributes
    ----------
    shown, blind : int
        Labels given with the pre-annotation in sight, and without.
    agreed_shown, agreed_blind : float
        Share of them that say what the model said.
    low, high : float
        95 % interval of the difference ``agreed_shown - agreed_blind``.
    """

    shown: int
    blind: int
    agreed_shown: float
    agreed_blind: float
    low: float
    high: float


def influence(shown: Sequence[bool], blind: Sequence[bool]) -> Influence | None:
    """Compare frames that showed their pre-annotation with frames that by chance did not.

    Parameters
    ----------
    shown, blind : sequence of bool
        Whether each label says what the model said.

    Returns
    -------
    Influence or None
        None where there are no labels of one kind. The interval is Newcombe's hybrid score interval
        [1]_.

    References
    ----------
    .. [1] Newcombe: Interval Estimation for the Difference between Independent Proportions, Statistics
       in Medicine 1998, method 10.
    """
    from screentime.validation import wilson

    if not shown or not blind:
        return None
    one, other = sum(shown) / len(shown), sum(blind) / len(blind)
    one_low, one_high = wilson(one, len(shown))
    other_low, other_high = wilson(other, len(blind))
    return Influence(
        len(shown), len(blind), one, other,
        one - other - ((one - one_low) ** 2 + (other_high - other) ** 2) ** 0.5,
        one - other + ((one_high - one) ** 2 + (other - other_low) ** 2) ** 0.5,
    )
