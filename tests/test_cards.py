"""Cards are read for what they are, and their rounds only once."""

import json

import pytest

from screentime import cards
from screentime.cards import card_of, round_of
from screentime.errors import ScreentimeError
from screentime.files import write_atomically

CARD = {
    "version": "v001-a",
    "round": {
        "version": "v001-a", "labels": 12, "validation_accuracy": 0.5, "epochs": 3, "seconds": 1.5,
        "target_reached": False,
    },
    "accuracy": {
        "validation": 0.5, "value": 0.5, "low": 0.4, "high": 0.6, "frames": 10, "judged_on": "10 audit frames",
        "random_split": None, "whole_blocks": 0.5,
    },
    "label_uids": [], "held_out_uids": [],
}


@pytest.fixture
def card(tmp_path):
    (tmp_path / "v001-a").mkdir()
    path = tmp_path / "v001-a" / "card.json"
    path.write_text(json.dumps(CARD))
    return path


def test_a_card_says_what_was_written(card):
    assert card_of(card) == CARD
    assert (round_of(card).version, round_of(card).labels) == ("v001-a", 12)


def test_another_version_s_card_is_refused_with_its_name(card):
    card.parent.rename(card.parent.with_name("v002-b"))
    with pytest.raises(ScreentimeError) as caught:
        card_of(card.parent.with_name("v002-b") / "card.json")
    assert "(it is the card of 'v001-a')" in caught.value.what
    assert caught.value.remedy.startswith(f"Move {card.parent.with_name('v002-b')} away and run `screentime sync`")


def test_a_round_is_read_once_and_again_when_its_card_was_replaced(card, monkeypatch):
    read = []
    monkeypatch.setattr(cards, "card_of", lambda path: read.append(path) or card_of(path))
    assert [round_of(card).labels, round_of(card).labels] == [12, 12] and len(read) == 1
    write_atomically(card, json.dumps({**CARD, "round": {**CARD["round"], "labels": 345}}))
    assert round_of(card).labels == 345 and len(read) == 2
