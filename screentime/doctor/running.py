"""Walking the checks: each ends in a finding, whatever becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from screentime.doctor import films, folder, machine, page, project, server
from screentime.doctor.finding import FAILED, LEFT_OUT, MEND, WARNING, Check, Finding, Missing, counted
from screentime.doctor.place import Place
from screentime.errors import ScreentimeError, UserMistake
from screentime.talk import Talk

# In the order in which one needs the other.
CHECKS: tuple[Check, ...] = (
    *machine.FIRST, *folder.FIRST, *machine.CHECKS, *server.CHECKS, *folder.CHECKS, *films.CHECKS, *project.CHECKS, *page.CHECKS,
)


def walk(
    place: Place, checks: Sequence[Check], told: Callable[[Finding], None], talk: Talk, *, mend: bool = False
) -> list[Finding]:
    """Look at everything.

    Parameters
    ----------
    place : Place
    checks : sequence of Check
    told : callable
        Told of each finding as soon as it is there.
    talk : Talk
        Told what is being looked at.
    mend : bool, optional
        Whether to mend what can be mended safely. What was mended is looked at again.

    Returns
    -------
    list of Finding
        One a check, in their order.
    """
    found = []
    for check in checks:
        with talk.progress(check.name):
            finding = look(check, place)
            if mend and check.mend and finding.state in (WARNING, FAILED):
                finding, place = _mended(check, place, finding)
        found.append(finding)
        told(finding)
    return found


def look(check: Check, place: Place) -> Finding:
    """What one check finds; never raises.

    Parameters
    ----------
    check : Check
    place : Place

    Returns
    -------
    Finding
        ``failed`` also where the check itself could not be made.
    """
    try:
        return replace(check.look(place), name=check.name)
    except Missing as missing:
        return Finding(check.name, LEFT_OUT, f"{missing}.")
    except ScreentimeError as error:
        return Finding(check.name, FAILED, error.what, error.remedy, code=error.exit_code)
    except Exception as error:  # a doctor that faints helps nobody
        return Finding(check.name, FAILED, f"could not be checked: {_said(error)}.", code=1)


def failure(findings: Sequence[Finding]) -> ScreentimeError | None:
    """How the walk ends: with an error's exit code where something failed.

    Parameters
    ----------
    findings : sequence of Finding

    Returns
    -------
    ScreentimeError or None
        A `UserMistake` (exit code 2) where all that failed is the person's set-up, otherwise one of exit
        code 1; None where nothing failed.
    """
    failed = [one for one in findings if one.state == FAILED]
    if not failed:
        return None
    kind = UserMistake if all(one.code == 2 for one in failed) else ScreentimeError
    words = f"{len(failed)} of {len(findings)} checks failed: {', '.join(one.name for one in failed)}."
    mends = f" {MEND} mends what can be mended safely." if any(MEND in one.fix for one in failed) else ""
    return kind(words, f"What to do is said with each of them.{mends}")


def summary(findings: Sequence[Finding]) -> str:
    """How the walk ends where nothing failed, in a sentence."""
    warnings = [one.name for one in findings if one.state == WARNING]
    left = sum(one.state == LEFT_OUT for one in findings)
    told = [f"worth a look: {', '.join(warnings)}"] if warnings else []
    told += [f"{counted(left, 'check was', 'checks were')} left out"] if left else []
    return f"Nothing failed{'; ' if told else ''}{'; '.join(told)}."


def _mended(check: Check, place: Place, finding: Finding) -> tuple[Finding, Place]:
    assert check.mend is not None
    try:
        done = check.mend(place)
    except Missing as missing:
        return replace(finding, fix=f"It cannot be mended now: {missing}."), place
    except ScreentimeError as error:
        return replace(finding, fix=f"It could not be mended. {error.what} {error.remedy}"), place.afresh()
    except Exception as error:
        return replace(finding, fix=f"It could not be mended: {_said(error)}."), place.afresh()
    if not done:
        return finding, place
    again = place.afresh()
    return replace(look(check, again), fixed=done), again


def _said(error: Exception) -> str:
    said = (str(error).strip().splitlines() or [""])[0].rstrip(".")[:200]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
