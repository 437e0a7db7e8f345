"""Sentences name the workspace, so that their commands can be run where the person is."""

from pathlib import Path

import pytest

from screentime.cli_common import HERE, at, placed, workspace_of


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("Run `screentime sync`.", "Run `screentime sync --workspace 'my p'`."),
        ("`screentime predict FILM` for others.", "`screentime predict FILM --workspace 'my p'` for others."),
        ("`screentime push --workspace x`.", "`screentime push --workspace x`."),
        ("Start it with `screentime server start`.", "Start it with `screentime server start`."),
    ],
)
def test_a_command_is_given_its_workspace_once(sentence, said):
    assert placed(sentence, Path("my p")) == said
    assert placed(sentence, HERE) == sentence and at(HERE) == ""


@pytest.mark.parametrize(
    ("arguments", "folder"),
    [(["push", "--workspace", "a"], "a"), (["push", "--workspace=b c"], "b c"), (["push"], "."), (["push", "--workspace"], ".")],
)
def test_the_workspace_of_a_command_line(arguments, folder):
    assert workspace_of(arguments) == Path(folder)
