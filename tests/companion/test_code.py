"""The code that an officer gives a player: what was pasted wrong is named for what it is, and never shown again."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import thoroughness
from patt.auth.hashing import new_secret
from patt.companion.code import KIND, Code, read_code, write_code
from sv_common.guild_sync.core.errors import BadInput

SERVER, KEY = "https://patt.example.org", "eB2_vQ-Lm3xTz9dKcW5yHn8aRf4uGs6jPo1iNb7tXqE"
CODE = write_code(SERVER, KEY)


def _fault(text: str) -> str:
    with pytest.raises(BadInput) as told:
        read_code(text)
    return str(told.value)


def test_a_code_is_one_word_of_letters_and_digits_in_lower_case() -> None:
    assert CODE.isalnum()
    assert CODE.isascii()
    assert CODE.lower() == CODE
    assert CODE.startswith(KIND)
    assert len(CODE) < 150


@settings(max_examples=thoroughness.examples(50), deadline=None)
@given(st.text(min_size=1, max_size=80).filter(lambda text: "\n" not in text), st.binary(min_size=32, max_size=32))
def test_every_address_and_key_come_back_from_their_code(server: str, key: bytes) -> None:
    assert read_code(write_code(server, key.hex())) == Code(server, key.hex())


@pytest.mark.parametrize(
    "pasted",
    [
        f"  {CODE}\r\n",
        CODE.upper(),
        f"`{CODE}`",
        f"“{CODE}”.",
        f"Here is your code: {CODE} Have fun",
        f"{CODE[:60]}\n{CODE[60:]}",
        f"> {CODE[:40]}\r\n {CODE[40:80]}\t{CODE[80:]}",
    ],
)
def test_a_code_is_read_however_a_chat_or_a_mail_wrote_it(pasted: str) -> None:
    assert read_code(pasted) == Code(SERVER, KEY)


@settings(max_examples=thoroughness.examples(60), deadline=None)
@given(st.integers(len(KIND), len(CODE) - 1))
def test_a_code_without_its_end_is_called_cut_off(kept: int) -> None:
    assert "cut off" in _fault(CODE[:kept])


def test_a_code_that_is_cut_off_says_how_much_is_missing() -> None:
    assert "7 characters are missing at its end" in _fault(CODE[:-7])


@settings(max_examples=thoroughness.examples(100), deadline=None)
@given(st.integers(len(KIND), len(CODE) - 1), st.sampled_from("abcdefghijklmnopqrstuvwxyz0123456789-_é"))
def test_a_code_with_another_letter_in_it_is_never_read(place: int, letter: str) -> None:
    if CODE[place] == letter:
        return
    assert "damaged" in _fault(CODE[:place] + letter + CODE[place + 1 :]) or place < len(KIND) + 5


@settings(max_examples=thoroughness.examples(100), deadline=None)
@given(st.text(max_size=300))
def test_what_is_no_code_is_refused_in_a_sentence_that_does_not_repeat_it(text: str) -> None:
    fault = _fault(text)
    assert "Copy all of it" in fault or "newer PATT" in fault
    assert len(text) < 12 or text not in fault


@pytest.mark.parametrize(
    ("pasted", "sentence"),
    [
        ("", "The code is empty."),
        (KIND, "The code is cut off"),
        (CODE + CODE, "Something stands behind the code"),
        (CODE[3:], "its beginning is missing"),
        (CODE.replace(KIND, "patt2"), "made by a newer PATT"),
        (KEY, "This is a key or a token alone"),
        (new_secret(), "This is a key or a token alone"),
        ("https://patt.example.org/login/abc", "This is a web address"),
        ("https://discord.gg/abcdef", "This is a web address"),
        ("patt watch --once", "This is not a code for the companion"),
    ],
)
def test_what_was_pasted_instead_of_a_code_is_named(pasted: str, sentence: str) -> None:
    assert sentence in _fault(pasted)
