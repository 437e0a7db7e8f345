"""What becomes of pre-annotations: confirmed many at once, or corrected with the fewest keys.

The community edition has one action that confirms: "Create Annotations From Predictions". It copies a
pre-annotation as it is into a new annotation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from screentime.schema import CONTROL, NEITHER


def results_of(said: dict[str, Any]) -> list[dict[str, Any]]:
    """Results of an annotation or a prediction that are of the characters, whatever else stands there.

    Label Studio keeps whatever it is sent.
    """
    found = said.get("result")
    return [
        one for one in (found if isinstance(found, list) else ())
        if isinstance(one, dict) and one.get("from_name") == CONTROL
    ]


def chosen_in(results: Sequence[dict[str, Any]]) -> list[str]:
    """What results choose, in their order."""
    values = [one.get("value") for one in results]
    lists = [value.get("choices") for value in values if isinstance(value, dict)]
    return [str(name) for names in lists if isinstance(names, list) for name in names]


def is_bulk(annotation: dict[str, Any]) -> bool:
    """Whether the bulk action made an annotation and nobody changed it since.

    The page and the API write down who made or changed an annotation last, and the page where each choice
    came from; the action does neither. Unlike the link to the pre-annotation, this stays when a newer one
    takes its place.

    Parameters
    ----------
    annotation : dict
        As the tasks API gives it.

    Returns
    -------
    bool
    """
    if "updated_by" not in annotation or annotation["updated_by"] is not None:
        return False
    imported = annotation.get("import_id") is not None
    results = annotation.get("result") or []
    return not imported and isinstance(results, list) and all("origin" not in result for result in results)


def speaker(annotation: dict[str, Any]) -> str:
    """Label Studio's number of the person whose answer an annotation is, as text.

    Who corrects what somebody else said has said it: the page keeps the first person as the one who completed it, and
    writes down who changed it last. What many confirm together has nobody who changed it.

    Parameters
    ----------
    annotation : dict
        As the API gives it.

    Returns
    -------
    str
    """
    person = annotation.get("updated_by") or annotation.get("completed_by")
    return str(person["id"] if isinstance(person, dict) else person)


def says_nothing(annotation: dict[str, Any]) -> bool:
    """Whether the bulk action made an annotation of an empty pre-annotation, as blind frames have it."""
    return is_bulk(annotation) and not annotation.get("result")


def meant(chosen: Sequence[str], shown: Sequence[str]) -> list[str]:
    """Choices as they were meant, where ``neither`` and characters were left to stand side by side.

    The page switches nothing off by itself. On a frame that came with a pre-annotation, what a person
    switched on is what they say, and what was on before is a rest of the pre-annotation: one key is saved.

    Parameters
    ----------
    chosen : sequence of str
        Choices of an annotation.
    shown : sequence of str
        Those of the pre-annotation that it began with; empty where there was none.

    Returns
    -------
    list of str
        The choices without what is left over; unchanged where it cannot be told.

    Examples
    --------
    >>> meant(["neither", "Tom"], shown=["neither"]), meant(["neither", "Tom"], shown=["Tom"])
    (['Tom'], ['neither'])
    """
    added = set(chosen) - set(shown)
    if NEITHER in chosen and added and list(shown) == [NEITHER]:
        return [name for name in chosen if name != NEITHER]
    if added == {NEITHER} and shown:
        return [NEITHER]
    return list(chosen)
