"""One project a workspace, whatever happens."""

import hashlib

import pytest

from screentime.errors import ConfigError, NotReady
from screentime.label_config import fill
from screentime.labelstudio import instructions, project, stream
from screentime.labelstudio.instructions import TEXT
from screentime.schema import Schema


def config(schema, layout="<View/>"):
    template = (
        f'<View>{layout}<Image name="frame" value="$image"/>'
        f'<Choices name="characters" toName="frame" choice="{"multiple" if schema.mode == "multi" else "single-radio"}"/>'
        "</View>"
    )
    return fill(template, schema)


def ensure(client, workspace, schema, layout="<View/>", title="T"):
    return project.ensure_project(
        client, workspace_id=workspace, title=title, label_config=config(schema, layout), instruction="<b>Look</b>"
    )


TOM = Schema("multi", ("Tom",))
BOTH = Schema("multi", ("Tom", "Jerry"))


def test_made_once_and_found_by_its_marker(ls_client):
    made = ensure(ls_client, "w-found", TOM)
    assert ensure(ls_client, "w-found", TOM, title="Renamed") == made
    assert ensure(ls_client, "w-foun", TOM) != made
    assert made.url == f"{ls_client.url}/projects/{made.id}"
    kept = ls_client.request("GET", f"api/projects/{made.id}/")
    assert kept["title"] == "screentime T"
    assert kept["skip_queue"] == "IGNORE_SKIPPED"
    assert kept["sampling"] == "Uncertainty sampling"
    assert kept["show_collab_predictions"] is True and kept["enable_empty_annotation"] is False
    assert kept["expert_instruction"] == "<b>Look</b>"
    assert project.get_project(ls_client, made.id, TOM, workspace_id="w-found") == made
    # Another server may have given the number to another one's.
    with pytest.raises(NotReady, match=f"Project {made.id} in .* belongs to another screentime project."):
        project.get_project(ls_client, made.id, TOM, workspace_id="w-foun")
    ls_client.request("PATCH", f"api/projects/{made.id}/", json={"description": "mine"})
    assert project.get_project(ls_client, made.id, TOM, workspace_id="w-found") == made


def test_deleted_project(ls_client):
    made = ensure(ls_client, "w-gone", TOM)
    ls_client.request("DELETE", f"api/projects/{made.id}/")
    with pytest.raises(NotReady, match=f"Project {made.id} is no longer in Label Studio at {ls_client.url}."):
        project.get_project(ls_client, made.id, TOM, workspace_id="w-gone")


def test_titles():
    assert project.clip_title("A") == "screentime A"
    assert project.clip_title("  Tom\n and Jerry ") == "Tom and Jerry"
    assert project.clip_title("x" * 60) == "x" * 49 + "…"


def test_new_character_reaches_the_project_and_another_layout_is_left(ls_client):
    made = ensure(ls_client, "w-layout", TOM)
    ensure(ls_client, "w-layout", TOM, layout="<View><Header value='Mine'/></View>")
    assert "Mine" not in ls_client.request("GET", f"api/projects/{made.id}/")["label_config"]
    ensure(ls_client, "w-layout", BOTH)
    assert "Jerry" in ls_client.request("GET", f"api/projects/{made.id}/")["label_config"]


def test_character_in_use_is_never_dropped(ls_client, make_project):
    sample = make_project(2)
    stream.submit(ls_client, {"id": sample.numbers[0]}, sample.schema, {"Jerry"})
    with pytest.raises(ConfigError) as raised:
        ensure(ls_client, sample.workspace, TOM)
    assert raised.value.what.endswith("have no place for: Jerry.")
    with pytest.raises(ConfigError, match="labels made in multi mode, and this workspace is in exclusive mode"):
        ensure(ls_client, sample.workspace, Schema("exclusive", ("Tom", "Jerry")))
    assert "Jerry" in ls_client.request("GET", f"api/projects/{sample.ref.id}/")["label_config"]


def told(client, made):
    return client.request("GET", f"api/projects/{made.id}/")["expert_instruction"]


def test_newer_instructions_reach_a_project_that_nobody_wrote_other_ones_for(ls_client, monkeypatch):
    digest = hashlib.sha256(b"An earlier text.").hexdigest()
    monkeypatch.setattr(instructions, "EARLIER", frozenset({digest}))

    def ensure(instruction):
        return project.ensure_project(
            ls_client, workspace_id="w-told", title="T", label_config=config(TOM), instruction=instruction
        )

    made = ensure("")
    ensure(TEXT)
    assert told(ls_client, made) == TEXT
    # As it stands after an earlier version of this program.
    ls_client.request("PATCH", f"api/projects/{made.id}/", json={"expert_instruction": "An earlier text."})
    ensure(TEXT)
    assert told(ls_client, made) == TEXT
    ensure("")
    assert told(ls_client, made) == TEXT
    ls_client.request("PATCH", f"api/projects/{made.id}/", json={"expert_instruction": "Only Tom's face counts."})
    ensure(TEXT)
    assert told(ls_client, made) == "Only Tom's face counts."
