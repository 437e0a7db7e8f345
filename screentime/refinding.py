"""Films that were put up for review, found again in Label Studio where the file that keeps them is missing."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from screentime.ground import Ground
from screentime.records import Film
from screentime.standing import AskedReview

if TYPE_CHECKING:
    from screentime.labelstudio.reviewing import FoundReview


def find_again(loop: Ground, labelled: Collection[str]) -> list[AskedReview]:
    """What Label Studio knows of this workspace's reviews; says what was found and what was not.

    Parameters
    ----------
    loop : Ground
    labelled : collection of str
        Digests of the films whose review gave labels before.

    Returns
    -------
    list of AskedReview

    Raises
    ------
    ServerError
        If Label Studio cannot be spoken with.
    """
    from screentime.labelstudio.reviewing import find_reviews

    workspace = loop.workspace
    films = {film.digest: film for film in [*workspace.films(), *(one.film for one in workspace.audited())]}
    found = [
        AskedReview(
            films.get(one.digest) or _film_of(one, workspace.review_folder), one.project.id, one.task,
            f"{one.project.url}/data?task={one.task}", one.version,
        )
        for one in find_reviews(loop.link.client, loop.config.project.id)
    ]
    if found:
        many = "the review of 1 film was" if len(found) == 1 else f"the reviews of {len(found)} films were"
        loop.talk.say(f"{workspace.reviews_file} is missing; {many} found again in Label Studio.")
    lost = set(labelled) - {one.film.digest for one in found}
    if lost:
        names = ", ".join(sorted(films[digest].name if digest in films else digest for digest in lost))
        loop.talk.say(
            f"{workspace.reviews_file} is missing, and the review of {names} is not in Label Studio at"
            f" {loop.link.client.page}: what it said does not count any more."
        )
    return found


def _film_of(found: FoundReview, folder: Path) -> Film:
    """A film that this workspace does not know, as its review's task has it: that says nothing of its size."""
    from screentime.video.proxy import LINKED, find_playable

    name, playable = str(found.data.get("film") or found.digest), find_playable(folder, found.digest)
    linked = playable is not None and playable.made == LINKED and (folder / playable.file).is_symlink()
    return Film(
        found.digest, name, str((folder / playable.file).readlink()) if linked else name,
        float(found.data.get("seconds") or 0), float(found.data.get("framerate") or 0), 0, 0, 0,
    )
