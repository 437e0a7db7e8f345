"""The terminal's command for reviewing a film on its timeline."""

from dataclasses import asdict
from typing import Annotated

import typer

from screentime import options as o
from screentime.cli_common import HERE, at, loop_of
from screentime.output import Result, results


@results
def review(
    film: Annotated[str, typer.Argument(metavar="FILM", help="A film, or a project's film by its name.")],
    workspace: o.Folder = HERE, store: o.Store = None, url: o.Url = None, document_root: o.DocumentRoot = None,
) -> Result:
    """Let a film play in Label Studio with each character's appearances on its timeline, to be corrected."""
    from screentime.reviews import review_film

    loop = loop_of(workspace, store=store, url=url, document_root=document_root)
    with loop.workspace.locked("review"):
        asked = review_film(loop, film)
    state = (
        "has been reviewed: submit it again to change that"
        if asked.submitted else f"shows {asked.appearances} appearances by {asked.version}"
    )
    return Result(
        {**asdict(asked), "film": asked.film.name},
        lambda: loop.talk.say(f"The timeline of {asked.film.name} {state}; it counts {asked.rate:g} frames a second."),
        next=f"review it at {asked.url} , then `screentime pull{at(workspace)}`.",
    )
