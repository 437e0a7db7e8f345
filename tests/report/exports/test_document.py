"""The JSON document and its published schema."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from screentime import __version__
from screentime.report.exports.document import json_schema, json_text

PUBLISHED = Path(__file__).parents[3] / "docs" / "appearances.schema.json"


@pytest.fixture(scope="module")
def validator():
    schema = json.loads(PUBLISHED.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_published_schema_is_the_one_that_the_code_keeps():
    assert PUBLISHED.read_text("utf-8") == json_schema(), "screentime export --schema > docs/appearances.schema.json"


def test_the_schema_says_what_everything_means():
    schema = json.loads(json_schema())
    assert (schema["$schema"], schema["$id"]) == ("https://json-schema.org/draft/2020-12/schema", "urn:screentime:export:1")
    for name, kind in {"Document": schema, **schema["$defs"]}.items():
        assert kind["description"] and kind["required"] == list(kind["properties"]) and not kind["additionalProperties"], name
        assert [key for key, value in kind["properties"].items() if not value.get("description")] == [], name
    assert "econds" in schema["$defs"]["AppearanceEntry"]["properties"]["start"]["description"]


def test_a_document_word_for_word(two, validator):
    found = json.loads(json_text([two]))
    assert found["films"][0].pop("totals")[2] == {
        "character": "both", "seconds": 2.0, "low": None, "high": None, "sampling": 0.5,
    }
    assert found == {
        "schema": "urn:screentime:export:1", "screentime": __version__,
        "films": [{
            "name": "film.mp4", "digest": "0123456789abcdef", "seconds": 100.0, "rate": 25.0, "width": 640, "height": 360,
            "model": "v003-abc", "labels": 60, "audited": 10, "labelled": 60.0, "reviewed": False, "unsure": 0.125,
            "strange": None, "far": False,
            "appearances": [
                {"character": "Tom", "start": 0.0, "end": 4.0, "probability": 1.0, "source": "labelled"},
                {"character": "Jerry", "start": 2.0, "end": 6.5, "probability": 0.75, "source": "mixed"},
                {"character": "Tom", "start": 10.0, "end": 12.0, "probability": 0.625, "source": "predicted"},
            ],
        }],
    }


def test_documents_keep_the_schema(two, screen_time, validator):
    import numpy as np

    odd = screen_time(
        ("Tom", np.float64(0), np.float64(1.5), np.float64(1.0000001), "reviewed"), name='"\n\\\u2028猫.mp4', rate=0.0,
        characters=("Tom",), reviewed=True,
    )
    for times in ([], [two], [two, odd]):
        validator.validate(json.loads(json_text(times)))
    assert json.loads(json_text([odd]))["films"][0]["name"] == '"\n\\\u2028猫.mp4'


@pytest.mark.parametrize(
    "spoil",
    [
        lambda film: film.pop("digest"), lambda film: film.update(extra=1), lambda film: film.update(digest="x"),
        lambda film: film["appearances"][0].update(source="guessed"),
        lambda film: film["appearances"][0].update(probability=1.5), lambda film: film["totals"][0].update(seconds=None),
    ],
)
def test_the_schema_refuses_what_is_none(two, validator, spoil):
    document = json.loads(json_text([two]))
    spoil(document["films"][0])
    assert not validator.is_valid(document)


def test_another_version_is_another_schema(two, validator):
    document = json.loads(json_text([two])) | {"schema": "urn:screentime:export:2"}
    assert not validator.is_valid(document)
