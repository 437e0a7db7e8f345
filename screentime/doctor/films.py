"""The films: where they were, as they were, with the times that they give; and how sure their seconds are."""

from __future__ import annotations

from itertools import groupby, pairwise

from screentime.doctor.finding import Check, Finding, Missing, counted, ok, warning
from screentime.doctor.place import Place
from screentime.errors import FilmError, ScreentimeError
from screentime.records import Film

# A film whose longest picture stays so many times longer than its shortest has no one rate; containers round.
UNEVEN = 1.5


def look_films(place: Place) -> Finding:
    """Whether the films are where they were, and the same."""
    from screentime.video.source import digest

    workspace, _ = place.workspace, place.config
    known = {one.digest: one for one in _films(place)}
    new, seen = [], set()
    for path in workspace.film_paths():
        name = digest(path)
        seen.add(name)
        if name not in known:
            new.append(path)
    lost = [one.name for name, one in known.items() if name not in seen]
    if new and known:
        changed = [path for path in new if str(path) in {one.path for one in known.values()}]
        how = f"{changed[0].name} is another film than the one that was extracted" if changed else f"{new[0].name} was not extracted"
        fix = "Run `screentime extract`, then `screentime push`."
        if changed:
            fix = (
                "Put the film back that was there: its labels count for it alone. To go on with this one, without them,"
                " run `screentime extract`, then `screentime push`."
            )
        raise FilmError(f"{how}.", fix)
    if new:
        raise Missing("no film was extracted yet; `screentime extract` does")
    if lost:
        return warning(f"{lost[0]} was extracted and is no longer in screentime.toml.", "Run `screentime extract`.")
    return ok(f"{counted(len(seen), 'film')}, unchanged since `screentime extract`.")


def look_times(place: Place) -> Finding:
    """Whether frames have the film's own times, in their order, and as many as the film has."""
    from screentime.video.source import checked
    from screentime.video.timing import timing

    frames = place.frames
    for _, mine in groupby(frames, key=lambda one: one.digest):
        for before, after in pairwise(mine):
            if after.second <= before.second:
                raise ScreentimeError(
                    f"The times of {after.film} do not ascend: {after.second:.3f} s comes after {before.second:.3f} s"
                    " in frames.csv.", "Run `screentime extract`: it writes the table again.",
                )
    varies, counts = [], []
    for film in _films(place):
        mine = sum(one.digest == film.digest for one in frames)
        if mine != film.frames:
            raise ScreentimeError(
                f"frames.csv has {mine} frames of {film.name} and {film.frames} were sampled.",
                "Run `screentime extract`: it writes the table again.",
            )
        found = timing(checked(film.path), film.rate)
        counts.append(len(found.times))
        gaps = [after - before for before, after in pairwise(found.times)]
        if gaps and max(gaps) > UNEVEN * min(gaps):
            varies.append(film.name)
    noted = (
        f" {', '.join(varies)}: the frame rate varies, so a frame's number tells no time; the film's own times are used."
        if varies else ""
    )
    return ok(f"{counted(len(frames), 'frame')} of {sum(counts)} pictures, with ascending times.{noted}")


def look_seconds(place: Place) -> Finding:
    """Whether the seconds have an interval that says how sure they are."""
    from screentime.summary import characters, seconds_so_far
    from screentime.validation import FEWEST_AUDITED

    workspace, cards = place.workspace, place.cards
    if not cards or place.config is None:
        raise Missing("there is no model yet")
    times = seconds_so_far(workspace)
    if not times:
        raise Missing("the latest model says nothing of these frames yet; `screentime sync` trains one that does")
    for one in times:
        if one.reviewed or one.labels == one.film.frames:
            continue
        fix = (
            "Label what the tab Label first hands out, audit frames among it, then `screentime sync`;"
            " `screentime audit FILM` asks for those of a film that is not this project's."
        )
        if any(each.low is None for each in characters(one)):
            return warning(f"The seconds of {one.film.name} have no interval: too few labels.", fix)
        if one.audited < FEWEST_AUDITED:
            return warning(
                f"The interval of {one.film.name} rests on the model's own word: {counted(one.audited, 'audit frame')} of it"
                f" {'is' if one.audited == 1 else 'are'} labelled, and {FEWEST_AUDITED} are needed to judge it.", fix,
            )
    halves = max((each.high - each.low) / 2 for one in times for each in characters(one))
    return ok(
        f"every character's seconds have an interval, ±{halves:.1f} s at the widest, by"
        f" {counted(sum(one.audited for one in times), 'audit frame')}."
    )


def _films(place: Place) -> list[Film]:
    try:
        return place.workspace.films()
    except (OSError, ValueError, TypeError, AttributeError):
        raise ScreentimeError(
            f"{place.workspace.films_file} is damaged.", "Run `screentime extract`: it writes the file again."
        ) from None


CHECKS = (Check("Films", look_films), Check("Frame times", look_times), Check("How sure", look_seconds))
