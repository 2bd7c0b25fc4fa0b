"""Chinese in its two scripts: which simplified letter stands for which traditional one, to find one name in both.

Many traditional letters share one simplified letter, so equal simplified texts are a suggestion, as names without accents are.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from importlib import resources
from itertools import islice, product
from typing import Final

_MOST_VARIANTS: Final = 8


def _load() -> dict[int, str]:
    source = resources.files(__package__).joinpath("simplified.toml").read_text(encoding="utf-8")
    letters = "".join(str(tomllib.loads(source)["pairs"]).split())
    return {ord(letters[place]): letters[place + 1] for place in range(0, len(letters), 2)}


_SIMPLIFIED: Final = _load()
_TRADITIONAL: Final[dict[str, list[str]]] = defaultdict(list)
for _code, _letter in _SIMPLIFIED.items():
    _TRADITIONAL[_letter].append(chr(_code))


def simplify(text: str) -> str:
    """`text` with every traditional Chinese letter in its simplified form."""
    return text if text.isascii() else text.translate(_SIMPLIFIED)


def in_both_scripts(word: str) -> set[str]:
    """The spellings that a word of the vocabulary may have in either script, at most a few."""
    simple = simplify(word)
    if simple.isascii() or (simple == word and not any(letter in _TRADITIONAL for letter in word)):
        return {word}
    letters = ([*_TRADITIONAL.get(letter, ()), letter] for letter in simple)
    return {word, simple, *("".join(each) for each in islice(product(*letters), _MOST_VARIANTS))}
