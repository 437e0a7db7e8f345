"""Appearances and totals as one JSON document, and the schema that it keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from screentime import __version__
from screentime.report.exports.rows import tidy

if TYPE_CHECKING:
    from screentime.screening import ScreenTime

# Changes when a reader of the former one would no longer understand the document.
SCHEMA_VERSION = 1
SCHEMA_ID = f"urn:screentime:export:{SCHEMA_VERSION}"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

Seconds = Annotated[float, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0, le=1)]


def _says(kind: Any, words: str) -> Any:
    return Annotated[kind, Meta(description=words)]


class AppearanceEntry(msgspec.Struct, forbid_unknown_fields=True):
    """One interval in which a character is on screen without a break."""

    character: _says(str, "Name of the character.")
    start: _says(Seconds, "Seconds from the film's first frame to the one in which the character comes.")
    end: _says(Seconds, "Seconds from the film's first frame to the one in which the character is gone.")
    probability: _says(Share, "How probable the model finds the character, mean over the interval; 1 where a person said it.")
    source: _says(
        Literal["labelled", "predicted", "mixed", "reviewed"],
        "labelled: people said so of every frame looked at; predicted: of none; mixed: of some;"
        " reviewed: a person set start and end.",
    )


class TotalEntry(msgspec.Struct, forbid_unknown_fields=True):
    """Seconds on screen of a character, of two or more at once (both) or of nobody (neither)."""

    character: _says(str, "Name of the character, both or neither.")
    seconds: _says(Seconds, "Seconds on screen.")
    low: _says(Seconds | None, "Lower end, in seconds, of the 95 % interval of what labelling every frame would give; null where no label of the film lets one tell.")
    high: _says(Seconds | None, "Upper end of that interval, in seconds; null where low is.")
    sampling: _says(Seconds, "Half a 95 % interval, in seconds, of what looking at a few frames a second adds to that.")


class FilmEntry(msgspec.Struct, forbid_unknown_fields=True):
    """One film."""

    name: _says(str, "File name; untrusted text.")
    digest: _says(Annotated[str, Meta(pattern="^[0-9a-f]{16}$")], "First 16 hexadecimal digits of the SHA-256 of the film's bytes.")
    seconds: _says(Seconds, "Length in seconds.")
    rate: _says(Seconds, "Frames per second that the container claims; 0 where it claims none.")
    width: _says(Annotated[int, Meta(ge=0)], "Width in pixels, as shown.")
    height: _says(Annotated[int, Meta(ge=0)], "Height in pixels, as shown.")
    model: _says(str, "Model version that looked at it.")
    labels: _says(Annotated[int, Meta(ge=0)], "Labelled frames of this film that the totals rest on.")
    audited: _says(Annotated[int, Meta(ge=0)], "Labelled frames among them that were drawn at random to judge by.")
    labelled: _says(Seconds, "Seconds that the labelled frames stand for.")
    reviewed: _says(bool, "Whether a person reviewed the appearances; then the totals are known, not estimated.")
    unsure: _says(Share, "Share of the frames of which the model is not certain.")
    strange: _says(Share | None, "Share of the frames unlike those that the model learned from; null where it cannot tell.")
    far: _says(bool, "Whether the film is so far from what the model learned that its word counts little.")
    appearances: _says(list[AppearanceEntry], "Who is on screen when, in the order of time.")
    totals: _says(list[TotalEntry], "Seconds of each character, of both (where it can be told) and of neither.")


class Document(msgspec.Struct, forbid_unknown_fields=True):
    """Who is on screen when in films, and for how long: what `screentime export --format json` writes."""

    schema: _says(Literal[SCHEMA_ID], "The schema that this document keeps, with its version.")
    screentime: _says(str, "Version of screentime that wrote it.")
    films: _says(list[FilmEntry], "The films, in the order asked for.")


def json_text(times: Sequence[ScreenTime]) -> str:
    """Films as one JSON document.

    Parameters
    ----------
    times : sequence of ScreenTime

    Returns
    -------
    str
        Keeps `json_schema`.
    """
    document = Document(SCHEMA_ID, __version__, [_film(time) for time in times])
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def json_schema() -> str:
    """The JSON Schema (2020-12) of `json_text`'s documents, as published in ``docs/``."""
    made = msgspec.json.schema(Document, ref_template="#/$defs/{name}")
    definitions = made["$defs"]
    root = definitions.pop("Document")
    whole = {"$schema": DIALECT, "$id": SCHEMA_ID, **root, "title": "screentime export", "$defs": definitions}
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode() + "\n"


def _film(time: ScreenTime) -> FilmEntry:
    film = time.film
    return FilmEntry(
        name=film.name, digest=film.digest, seconds=tidy(film.seconds), rate=tidy(film.rate),
        width=int(film.width), height=int(film.height), model=time.version, labels=int(time.labels),
        audited=int(time.audited), labelled=tidy(time.labelled), reviewed=bool(time.reviewed),
        unsure=tidy(time.unsure), strange=tidy(time.strange), far=bool(time.far),
        appearances=[
            AppearanceEntry(one.character, tidy(one.start), tidy(one.end), tidy(one.probability), one.source)
            for one in time.appearances
        ],
        totals=[
            TotalEntry(name, tidy(one.seconds), tidy(one.low), tidy(one.high), tidy(one.sampling))
            for name, one in time.estimates.items()
        ],
    )
