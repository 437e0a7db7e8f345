"""Label configs of Label Studio: filled from characters and mode, and read back."""

from __future__ import annotations

from xml.etree import ElementTree

from screentime.errors import ConfigError
from screentime.schema import CONTROL, NEITHER, TIMELINE, Mode, Schema

REMEDY = "Set the project's labelling interface back to what `screentime push` wrote."

# Told apart by colour-blind people: eight of Okabe and Ito, the rest of Tol's muted and vibrant schemes.
COLOURS = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#332288", "#999933", "#882255", "#44AA99",
    "#661100", "#DDCC77", "#117733", "#CC6677", "#6699CC", "#AA4499", "#88CCEE", "#AA4466", "#000000",
)

# One key a choice. Digits first: they are what people expect; then letters that Label Studio
# leaves free for choices.
NEITHER_KEY = "0"
CHARACTER_KEYS = "123456789qwertyuiop"


def fill(template: str, schema: Schema) -> str:
    """Label config of a project: a template with one choice a character.

    Parameters
    ----------
    template : str
        Text of ``labelstudio_config/frames_<mode>.xml``.
    schema : Schema

    Returns
    -------
    str
        XML for Label Studio; each choice carries its key.
    """
    root = ElementTree.fromstring(template)
    control = root.find(f".//Choices[@name='{CONTROL}']")
    keys = dict(zip(schema.choices, NEITHER_KEY + CHARACTER_KEYS))
    for name in schema.choices:
        ElementTree.SubElement(control, "Choice", value=name, hotkey=keys[name])
    return ElementTree.tostring(root, encoding="unicode")


def fill_timeline(template: str, schema: Schema) -> str:
    """Label config of a film's timeline: a template with one label a character.

    Parameters
    ----------
    template : str
        Text of ``labelstudio_config/timeline.xml``.
    schema : Schema
        Its mode does not matter: on a timeline each character comes and goes on its own.

    Returns
    -------
    str
        XML for Label Studio; each label carries its colour and, as on the frames' page, its key.
    """
    root = ElementTree.fromstring(template)
    control = root.find(f".//TimelineLabels[@name='{TIMELINE}']")
    for name, key, colour in zip(schema.characters, CHARACTER_KEYS, COLOURS):
        ElementTree.SubElement(control, "Label", value=name, hotkey=key, background=colour)
    return ElementTree.tostring(root, encoding="unicode")


def read_timeline(label_config: str) -> tuple[str, ...]:
    """Characters of a timeline's label config (inverse of `fill_timeline`); none where it is not one."""
    try:
        control = _parsed(label_config).find(f".//TimelineLabels[@name='{TIMELINE}']")
    except ConfigError:
        return ()
    return () if control is None else tuple(label.get("value", "") for label in control.iter("Label"))


def read(label_config: str) -> Schema:
    """Classes and mode of a label config (inverse of `fill`).

    Raises
    ------
    ConfigError
        If the XML is none of this project's: not XML, no control named ``characters``, no
        ``neither``, names that no character can have.
    """
    control = _parsed(label_config).find(f".//Choices[@name='{CONTROL}']")
    if control is None:
        raise ConfigError(f"The label config has no Choices named {CONTROL!r}.", REMEDY)
    names = [choice.get("value", "") for choice in control.iter("Choice")]
    if NEITHER not in names:
        raise ConfigError(f"The label config has no choice {NEITHER!r}.", REMEDY)
    mode: Mode = "multi" if control.get("choice") == "multiple" else "exclusive"
    try:
        return Schema(mode, tuple(name for name in names if name != NEITHER))
    except ConfigError as error:
        raise ConfigError(error.what, REMEDY) from None


def _parsed(label_config: str) -> ElementTree.Element:
    """The XML of a label config, in which nothing is defined that could grow or be fetched.

    Raises
    ------
    ConfigError
        If it is no XML, or defines entities.
    """
    from defusedxml import ElementTree as guarded
    from defusedxml.common import DefusedXmlException

    try:
        return guarded.fromstring(label_config)
    except DefusedXmlException:
        raise ConfigError("The label config defines entities, which no label config of ours does.", REMEDY) from None
    except (ElementTree.ParseError, ValueError) as error:  # and letters that no text has
        raise ConfigError(f"The label config is not XML ({error}).", REMEDY) from None
