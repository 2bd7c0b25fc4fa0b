import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sv_common.guild_sync.core.errors import SourceMalformed
from sv_common.guild_sync.sources.http import Asked, Node, storable


def node(value: object) -> Node:
    return Node(value, Asked("Discord", "the roles"))


def test_values_are_read_by_their_type() -> None:
    answer = node({"name": "Opal", "level": 90, "bot": True, "ids": ["1", "2"]})
    assert answer.child("name").text() == "Opal"
    assert answer.child("level").integer() == 90
    assert answer.child("bot").flag() is True
    assert [item.text() for item in answer.child("ids").items()] == ["1", "2"]


def test_what_is_absent_null_or_blank_is_none() -> None:
    answer = node({"null": None, "blank": "  "})
    assert answer.child("absent").text_or_none() is None
    assert answer.child("null").integer_or_none() is None
    assert answer.child("blank").text_or_none() is None
    assert answer.child("absent").flag() is False


WRONG: list[tuple[Callable[[Node], object], object]] = [
    (Node.text, 5),
    (Node.text, ""),
    (Node.text, "\0"),
    (Node.text, None),
    (Node.any_text, ["x"]),
    (Node.text_or_none, 5),
    (Node.integer, True),
    (Node.integer, 1.5),
    (Node.integer, "1"),
    (Node.integer, -1),
    (Node.integer, 2**63),
    (Node.integer_or_none, "1"),
    (Node.flag, 1),
    (lambda entry: entry.child("x"), []),
    (lambda entry: list(entry.items()), {}),
]


@pytest.mark.parametrize(("read", "value"), WRONG)
def test_another_type_than_documented_is_refused(read: Callable[[Node], object], value: object) -> None:
    with pytest.raises(SourceMalformed, match="Discord's answer for the roles"):
        read(node(value))


def test_the_sentence_names_the_entry_and_the_field() -> None:
    entries = list(node({"members": [{}, {"rank": "x"}]}).child("members").items())
    with pytest.raises(SourceMalformed, match=r"'members entry 2 \(Opal\)\.rank' should be a whole number"):
        entries[1].named("Opal").child("rank").integer()


@given(st.text(st.characters(), max_size=50))
def test_every_text_of_a_json_answer_can_be_stored_after_reading(text: str) -> None:
    read = node(json.loads(json.dumps(text))).any_text()
    assert "\0" not in read
    read.encode()


def test_letters_of_every_script_and_emoji_survive() -> None:
    assert storable("Zoë Ягода 한국 漢 🔥 \u200d") == "Zoë Ягода 한국 漢 🔥 \u200d"
