"""What was found, in tables and sentences for a person; computes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from screentime.terminal import Terminal, print_table

if TYPE_CHECKING:
    from screentime.config import Loop
    from screentime.screening import ScreenTime

# What of the project Label Studio's page has where.
PAGES = {
    "url": "Label first", "confirm_sure": "Confirm: sure", "confirm_unsure": "Confirm: unsure", "look_again": "Look again",
}
# More suspicious labels than this are counted, not listed; the tab has them all.
LISTED = 10
# Of more rounds than this only the latest are listed: the dashboard is for where things stand.
ROUNDS = 6


def goal(options: Loop) -> str:
    """What ends the loop, in words."""
    return _goal(options.stop, options.target, options.half_width)


def _goal(stop: str, target: float, half_width: float) -> str:
    return f"intervals of ±{half_width:g} s" if stop == "seconds" else f"target {target:.2f}"


def tell_seconds(rows: Sequence[dict[str, Any]]) -> None:
    """Screen times as a table: a line a film and character, both and neither.

    Parameters
    ----------
    rows : sequence of dict
        See `screentime.screening.rows_of`.
    """
    lines = []
    for row in rows:
        names = [key for key in row if f"{key}_low" in row and row[key] is not None]
        for name in names:
            low, high = row[f"{name}_low"], row[f"{name}_high"]
            between = "not audited" if low is None else f"{low:.1f}-{high:.1f}"
            lines.append([row["film"], name, f"{row[name]:.1f}", between, f"±{row[f'{name}_sampling']:.1f}"])
    print_table(["film", "on screen", "seconds", "95 % interval", "sampling"], lines)
    for row in rows:
        if row["reviewed"]:
            Terminal().say(f"{row['film']}: {row['length']:.1f} s long, reviewed by a person to the frame.")
            continue
        Terminal().say(
            f"{row['film']}: {row['length']:.1f} s long, {row['labels']} labels of it, {row['audited']} of them audit"
            f" frames, by {row['model']}."
        )


def unsure(results: Sequence[ScreenTime], at: str) -> list[str]:
    """What a person must know of films whose seconds are not audited.

    Parameters
    ----------
    results : sequence of ScreenTime
    at : str
        The flag that names the workspace, where it is not the current folder.

    Returns
    -------
    list of str
        Sentences.
    """
    sentences = []
    for one in results:
        name = one.film.name
        if not one.labels:
            strange = "" if one.strange is None else (
                f" {one.strange:.0%} of its frames look unlike those the model learned from (5 % are usual)."
            )
            sentences.append(
                f"{name} is not audited: no label of it says how wrong these seconds are.{strange}"
                f" The model is unsure of {one.unsure:.0%} of its frames."
            )
        if one.far and one.audited:
            sentences.append(
                f"{name} is far from what the model learned: its interval is that of the {one.audited} audit frames,"
                f" and `screentime sync{at}` learning from them makes it narrower."
            )
        elif one.far:
            sentences.append(
                f"{name} is far from what the model learned: do not rely on its seconds. Audit it with"
                f" `screentime audit FILM{at}` and let `screentime sync{at}` learn from the labels."
            )
    return sentences


def tell_status(found: dict[str, Any]) -> None:
    """Where a project stands.

    Parameters
    ----------
    found : dict
        See `screentime.summary.summary`.
    """
    say = Terminal().say
    more = f" ({found['elsewhere']} more of other films)" if found["elsewhere"] else ""
    say(f"{found['title']}: {found['frames']} frames, {found['labels']} labels{more}, {found['skipped']} skipped,"
        f" {found['waiting']} waiting for a label.")
    if found["rounds"]:
        say(_accuracy(found))
        print_table(
            ["round", "labels", "validation", "unlabelled", "95 % interval", "random split", "whole blocks"],
            [_round(number, one) for number, one in list(enumerate(found["rounds"], 1))[-ROUNDS:]],
        )
        if len(found["rounds"]) > ROUNDS:
            say(f"{len(found['rounds']) - ROUNDS} earlier rounds are not listed; `screentime report` shows them all.")
        say(_forecast(found))
    if found["screen_time"]:
        tell_seconds(found["screen_time"])
    _tell_labels(found, say)
    for key, title in PAGES.items():
        if found[key]:
            say(f"{title}: {found[key]}")
    tell_others(found["others"], say)


def _accuracy(found: dict[str, Any]) -> str:
    latest = found["rounds"][-1]
    accuracy = latest["accuracy"]
    reached = "reached" if latest["target_reached"] else "not reached"
    return (
        f"Accuracy: {accuracy['value']:.2f} on the unlabelled frames (95 % interval {accuracy['low']:.2f} to"
        f" {accuracy['high']:.2f}) by {latest['version']}, judged on {accuracy['judged_on']}."
        f" {_goal(found['stop'], found['target'], found['half_width']).capitalize()}: {reached}."
    )


def _round(number: int, one: dict[str, Any]) -> list[Any]:
    accuracy = one["accuracy"]
    claims = [accuracy["random_split"], accuracy["whole_blocks"]]
    return [
        number, one["labels"], f"{accuracy['validation']:.2f}", f"{accuracy['value']:.2f}",
        f"{accuracy['low']:.2f}-{accuracy['high']:.2f}",
        *("not known" if claim is None else f"{claim:.2f}" for claim in claims),
    ]


def _forecast(found: dict[str, Any]) -> str:
    def need(name: str, what: str) -> str:
        labels = found["forecast"][name]
        if labels is None:
            return f"how many labels {what} needs cannot be told yet"
        more = labels - found["rounds"][-1]["labels"]
        return f"{what} needs about {more} more labels" if more > 0 else f"{what} needs no more labels"

    seconds = need("seconds", f"±{found['half_width']:g} s for every character")
    accuracy = need("accuracy", f"an accuracy of {found['target']:.2f}")
    return f"Forecast: {accuracy}; {seconds}."


def _tell_labels(found: dict[str, Any], say: Any) -> None:
    """How far the labels can be trusted."""
    if found["suspicious"]:
        shown = found["suspicious"][:LISTED]
        print_table(
            ["film", "time", "label", "the model says", "its chance for the label"],
            [[one["film"], one["timecode"], one["said"], one["model"], f"{one['confidence']:.2f}"] for one in shown],
        )
        say(f"{len(found['suspicious'])} labels are worth a second look: a model that did not learn from"
            " their part of the film contradicts them. Correct them, or submit them again to keep them.")
    if len(found["people"]) > 1:
        print_table(
            ["person", "labels", "others' answers to these", "the same", "seconds a label"],
            [
                [one["person"], one["labels"], one["shared"], one["agreed"], "" if one["median"] is None else f"{one['median']:.1f}"]
                for one in found["people"]
            ],
        )
    people = found["agreement"]
    if people:
        alpha = "" if people["alpha"] is None else f" (Krippendorff's alpha {people['alpha']:.2f})"
        say(f"{people['frames']} frames were labelled by several people, who agree on {people['agreed']}{alpha};"
            " the most common answer counts, of equally common ones the newest.")
    seen = found["influence"]
    if seen:
        say(f"People agreed with the model on {seen['agreed_shown']:.0%} of {seen['shown']} frames that showed its"
            f" pre-annotation and on {seen['agreed_blind']:.0%} of {seen['blind']} that did not: a difference of"
            f" {seen['agreed_shown'] - seen['agreed_blind']:+.0%} (95 % interval {seen['low']:+.0%} to {seen['high']:+.0%}).")


def tell_others(pages: Sequence[str], say: Callable[[str], None]) -> None:
    """Where the second person labels, the third and so on.

    Parameters
    ----------
    pages : sequence of str
        As `screentime.standing.Progress.others`.
    say : callable of str
    """
    for number, page in enumerate(pages, start=2):
        say(f"Person {number} labels at {page} : frames that nobody else is given.")


def tell_simulation(result: dict[str, Any]) -> None:
    """What replaying films found.

    Parameters
    ----------
    result : dict
        See `screentime.simulation.run.simulate`.
    """
    counts = next(iter(result["strategies"].values()))["labels"]
    print_table(
        ["right on the unlabelled at labels", *map(str, counts), f"labels to {result['target']:.2f}"],
        [
            [name, *(f"{mean:.3f}±{sd:.3f}" for mean, sd in zip(one["accuracy"], one["sd"])),
             "-" if one["labels_to_target"] is None else one["labels_to_target"]]
            for name, one in result["strategies"].items()
        ],
    )
    print_table(
        ["labels", "totals by", "error s", "bias s", "coverage of 95 %", "half width s"],
        [
            [count, name, f"{one['error_s']:.1f}", f"{one['bias_s']:+.1f}", *(
                "-" if one[key] is None else f"{one[key]:{form}}"
                for key, form in (("coverage", ".3f"), ("half_width_s", ".1f"))
            )]
            for count, found in result["totals_at"].items() for name, one in found.items()
        ],
    )
    print_table(
        ["labels", "accuracy", "told", "its interval holds", "validation accuracy", "a random split", "whole blocks",
         "target seen"],
        [
            [count, *(f"{one[key]:.3f}" for key in ("true", "told", "coverage", "validation", "random_split",
                                                    "whole_blocks", "target_seen"))]
            for count, one in result["accuracy_told"].items() if one
        ],
    )
    for name, one in result.get("recipes", {}).items():
        Terminal().say(
            f"Recipe {name}: {one['accuracy']:.3f} (sd {one['sd']:.3f}) right on the unlabelled frames at"
            f" {result['budget']} labels in {one['runs']} runs."
        )
