"""screentime.toml: every option, its type, its limits and its words, in one place.

Each option is also a flag of the commands it concerns, under the same name with hyphens.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec
from msgspec import Meta

from screentime.errors import ConfigError
from screentime.kept import line_in_toml

FILE = "screentime.toml"
# Frames that are handed out at once, at most: a tab of Label Studio names each of them in a pattern, with which
# PostgreSQL takes two seconds for so many of 8,000, at every look at the tab, and fails altogether with some more.
MOST_ASKED = 2_000
DEFAULT_BACKBONE = "https://tfhub.dev/google/imagenet/mobilenet_v2_100_224/feature_vector/5"

_COMPARE = "Compare with the file that `screentime new` writes."
_UNKNOWN = re.compile(r"unknown field `(.*)`")
# Without a user name, a password or a query: addresses stand in tasks, pages and reports.
_ADDRESS = r"^(https?://[^\s@?#]+)?\Z"
_WITH_SECRET = re.compile(r"\w+://[^/?#]*@")

Recipe = Literal["head", "finetune"]
Store = Literal["auto", "local", "upload", "http", "s3"]
View = Literal["tiles", "whole"]
Stop = Literal["accuracy", "seconds"]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Common ground of the sections: immutable, no unknown keys."""


class Project(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the project is about."""

    id: Annotated[str, Meta(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*\Z", description="Ties this folder to its Label Studio project; leave as it is")]
    title: Annotated[str, Meta(min_length=1, max_length=200, description="Name of the project in Label Studio")]
    characters: Annotated[tuple[str, ...], Meta(min_length=1, description="Names of the characters, separated by commas")]
    mode: Annotated[Literal["multi", "exclusive"], Meta(description="multi: each character on its own; exclusive: one character or neither")] = "multi"
    films: Annotated[tuple[str, ...], Meta(min_length=1, description="Film files, absolute or relative to this folder")]


class Frames(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How films become frames."""

    fps: Annotated[float, Meta(gt=0, le=60, description="Frames sampled per second of film")] = 1.0
    max_height: Annotated[int, Meta(ge=64, le=4320, description="Largest height of a frame's JPEG file in pixels")] = 720
    quality: Annotated[int, Meta(ge=30, le=100, description="JPEG quality")] = 90
    store: Annotated[Store, Meta(description="How the page gets the pictures: local (the server reads this disk), upload (sent to the server), http (your own web server shows them), s3 (sent to a bucket), auto (local for the embedded server, else upload)")] = "auto"


class Model(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What learns."""

    backbone: Annotated[str, Meta(min_length=1, description="TF-Hub handle, SavedModel folder, or builtin")] = DEFAULT_BACKBONE
    recipe: Annotated[Recipe, Meta(description="head: learn on kept embeddings, in seconds; finetune: the original, the whole network, in minutes")] = "head"
    view: Annotated[View, Meta(description="What the backbone looks at: tiles (the frame and overlapping tiles of it, for small characters) or whole (the frame alone, which is faster)")] = "tiles"
    epochs: Annotated[int, Meta(ge=1, le=1000, description="Epochs at most; the callback may end training sooner")] = 20
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1, description="Seed of everything random")] = 1


class Loop(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When to ask for labels and when to stop."""

    target: Annotated[float, Meta(gt=0, le=1, description="Validation accuracy that ends the loop")] = 0.80
    first_batch: Annotated[int, Meta(ge=8, le=MOST_ASKED, description="Frames asked for before the first training")] = 60
    every: Annotated[int, Meta(ge=1, le=10_000, description="New labels after which a round is run while a batch is being labelled")] = 10
    batch: Annotated[int, Meta(ge=1, le=MOST_ASKED, description="Frames asked for in each later round")] = 20
    audit_every: Annotated[int, Meta(ge=2, le=100, description="One label in so many is that of an audit frame, drawn at random to judge the model; more of them make the figures surer and the model a little worse")] = 6
    stop: Annotated[Stop, Meta(description="What ends the loop. accuracy: the target; seconds: intervals of the totals as narrow as half_width")] = "accuracy"
    half_width: Annotated[float, Meta(gt=0, le=1_000_000, description="Half the width in seconds that the 95 % interval of every character's total in every film may have (stop seconds)")] = 15.0


class LabelStudio(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where people label."""

    url: Annotated[str, Meta(pattern=r"^(https?://\S+)?\Z", description="Address of an existing Label Studio; empty means the embedded server")] = ""
    public_url: Annotated[str, Meta(pattern=r"^(https?://\S+)?\Z", description="Address by which people open Label Studio, where it is another than the one screentime speaks to; it stands in all that they are told")] = ""
    token: Annotated[str, Meta(description="Token for it; better kept in the environment variable LABEL_STUDIO_API_KEY")] = ""
    document_root: Annotated[str, Meta(description="Folder that an existing server serves as local files (store local only)")] = ""
    port: Annotated[int, Meta(ge=1, le=65535, description="Port of the embedded server")] = 8080
    people: Annotated[int, Meta(ge=1, le=50, description="People who label at the same time: each has a page of their own, and no frame is handed out on two of them")] = 1


class Storage(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the pictures lie that neither Label Studio nor this disk keeps for the page."""

    base_url: Annotated[str, Meta(pattern=_ADDRESS, description="Address at which a web server of yours shows this folder to browsers, its frames at BASE_URL/frames/ (store http)")] = ""
    s3_endpoint: Annotated[str, Meta(pattern=_ADDRESS, description="Address of the S3 service, such as MinIO; empty means that of AWS (store s3; the credentials are read from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)")] = ""
    s3_bucket: Annotated[str, Meta(pattern=r"^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?\Z", description="Bucket that the frames are sent to; it must exist")] = ""
    s3_prefix: Annotated[str, Meta(pattern=r"^([A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*)?\Z", description="Folder in the bucket; each project has one of its own in it")] = "screentime"
    s3_region: Annotated[str, Meta(pattern=r"^[a-z0-9-]+\Z", description="Region of the bucket")] = "us-east-1"
    s3_presign: Annotated[bool, Meta(description="false: the pictures reach browsers through Label Studio; true: browsers fetch them from the S3 service, by addresses that hold for some minutes")] = False


class Config(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole screentime.toml."""

    project: Project
    frames: Frames = Frames()
    model: Model = Model()
    loop: Loop = Loop()
    labelstudio: LabelStudio = LabelStudio()
    storage: Storage = Storage()


SECTIONS: dict[str, type[Section]] = {
    "project": Project, "frames": Frames, "model": Model, "loop": Loop, "labelstudio": LabelStudio,
    "storage": Storage,
}
# Not flags: the id is no person's business, and a token on a command line is seen by everybody.
NO_FLAG = {("project", "id"), ("labelstudio", "token")}


def option(section: str, name: str) -> tuple[Any, str]:
    """Type and description of one option.

    Parameters
    ----------
    section, name : str
        As in screentime.toml.

    Returns
    -------
    type
        The option's type, without its limits.
    str
        What it does, for help texts and comments.
    """
    hint = get_type_hints(SECTIONS[section], include_extras=True)[name]
    kind, *extras = get_args(hint)
    return kind, next(extra.description for extra in extras if isinstance(extra, Meta))


def parse(text: str, where: str = FILE) -> Config:
    """Read a screentime.toml.

    Parameters
    ----------
    text : str
        TOML.
    where : str
        File name for the sentence of an error.

    Returns
    -------
    Config

    Raises
    ------
    ConfigError
        If it is no TOML, or a key is unknown, missing, of a wrong type or out of its limits, or the
        characters cannot be those of a project; with the line.
    """
    import tomllib

    from screentime.schema import Schema

    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where} is not valid TOML: {error}.", "Correct that place.") from None
    except RecursionError:
        raise ConfigError(f"{where} is nested too deeply.", _COMPARE) from None
    except ValueError:  # Python turns no text of more than 4300 digits into a number
        raise ConfigError(f"{where} holds a number of too many digits.", _COMPARE) from None
    config = _validate(values, where, text)
    try:
        Schema(config.project.mode, config.project.characters)
    except ConfigError as error:
        at = _line(text, "project", "characters")
        raise ConfigError(f"{where}{at} at project.characters: {error.what}", error.remedy) from None
    return config


def override(config: Config, changes: dict[str, Any]) -> Config:
    """The same configuration with some options replaced by flags.

    Parameters
    ----------
    config : Config
    changes : dict
        Option name to value; None leaves the option as it is.

    Returns
    -------
    Config

    Raises
    ------
    ConfigError
        If a value is out of its limits.
    """
    values = msgspec.to_builtins(config)
    for name, value in changes.items():
        if value is None:
            continue
        section = next(s for s, cls in SECTIONS.items() if name in cls.__struct_fields__)
        values[section][name] = list(value) if isinstance(value, tuple) else value
    return _validate(values, "The flags")


def render(config: Config) -> str:
    """A screentime.toml with each option's description above it.

    Parameters
    ----------
    config : Config

    Returns
    -------
    str
        TOML that `parse` reads back to the same configuration. An empty token is left out.
    """
    import tomlkit

    document = tomlkit.document()
    for section, values in msgspec.to_builtins(config).items():
        table = tomlkit.table()
        for name, value in values.items():
            if (section, name) == ("labelstudio", "token") and not value:
                continue
            table.add(tomlkit.comment(option(section, name)[1]))
            table.add(name, value)
        table.add(tomlkit.nl())
        document.add(section, table)
    return tomlkit.dumps(document).rstrip() + "\n"


def _validate(values: dict[str, Any], where: str, text: str = "") -> Config:
    try:
        config = msgspec.convert(values, Config)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$.")
        place = place.rstrip("`")
        section, _, name = place.partition(".")
        unknown = _UNKNOWN.search(reason)
        if unknown:
            name, remedy = unknown[1], _meant(section, unknown[1])
        else:
            name = name.split("[")[0]
            remedy = _means(section, name)
        at = f" at {place}" if place else ""
        raise ConfigError(f"{where}{_line(text, section, name)}{at}: {reason}.", remedy) from None
    for section, options in values.items():
        for name, value in options.items():
            texts = value if isinstance(value, list | tuple) else [value]
            if any("\0" in one for one in texts if isinstance(one, str)):
                raise ConfigError(
                    f"{where}{_line(text, section, name)} at {section}.{name}: it holds a NUL character.",
                    _means(section, name),
                )
    if _WITH_SECRET.match(config.model.backbone):
        raise ConfigError(
            f"{where}{_line(text, 'model', 'backbone')} at model.backbone: the address holds a user name or a password.",
            "Leave that out of it: models and reports name the backbone.",
        )
    return config


def _means(section: str, name: str) -> str:
    if section in SECTIONS and name in SECTIONS[section].__struct_fields__:
        return f"It means: {option(section, name)[1]}."
    return _COMPARE


def _meant(section: str, name: str) -> str:
    """What to do about a key that is unknown in a section, or about a section where that is empty."""
    known = SECTIONS[section].__struct_fields__ if section in SECTIONS else tuple(SECTIONS)
    home = next((other for other, cls in SECTIONS.items() if name in cls.__struct_fields__), None)
    alike = get_close_matches(name, known, n=1)
    if home:
        return f"It belongs into the section [{home}]."
    return f"Did you mean {alike[0]}?" if alike else _COMPARE


def _line(text: str, section: str, name: str) -> str:
    number = line_in_toml(text, section, name)
    return f" line {number}" if number else ""
