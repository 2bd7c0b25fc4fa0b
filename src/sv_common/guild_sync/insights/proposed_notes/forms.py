"""How a guild writes whose a character is: found in its own notes, and used again for those that are proposed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.identity.facts import KnownCharacter
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.notes import Category, Vocabulary, parse_note
from sv_common.guild_sync.notes.words.text import clean
from sv_common.guild_sync.notes.words.tokens import Shape, Token, tokenize
from sv_common.guild_sync.notes.words.vocabulary import LETTER, categories_of

FEWEST_NOTES: Final = 3
"""Notes in one form from which on it is the guild's own."""

WORDS_OF_FORMS: Final = categories_of("alt main character link copula identity owner")
"""What the words of a form are. All else in a note is what a person wrote beside it."""

_LONGEST_FORM: Final = 16
_MARKS: Final = re.compile(rf"(?:{LETTER}|[ :'=()\[\]<>.,-])*")
_ALT_OF: Final = mark("alt of {name}")


class Form(NamedTuple):
    """What stands before and behind the name. `has_name` is False for a mere marker, such as “Main”."""

    before: str
    after: str = ""
    has_name: bool = True

    def write(self, name: str) -> str:
        return f"{self.before}{name}{self.after}" if self.has_name else self.before


NAME_ALONE: Final = Form("")
ALT_OF: Final = Form("alt of ")
MAIN: Final = Form("Main", has_name=False)


class GuildForms(NamedTuple):
    """The forms to try for alts, the guild's own first, and the form for mains; `marks_mains`: an empty note is not its habit."""

    of_alts: Sequence[Form]
    of_mains: Form
    marks_mains: bool


def forms_of(resolver: Resolver) -> GuildForms:
    """Return the forms that the notes of a guild have most often. Only notes that mean their own player tell."""
    facts = resolver.facts
    noted = [
        c for c in facts.characters.values() if c.is_present and c.note is not None and c.player_id in facts.players
    ]
    mains = [each for each in noted if is_main(resolver, each)]
    own = _most_frequent(_alt_forms(resolver, (each for each in noted if not is_main(resolver, each))))
    said = [_main_form(each, resolver.vocabulary) for each in mains]
    of_mains = _most_frequent([each for each in said if each is not None])
    marked = sum(each is not None for each in said)
    defaults = [_in_guilds_language(), ALT_OF, NAME_ALONE]
    return GuildForms(
        tuple(dict.fromkeys([*([own] if own else []), *defaults])),
        of_mains or MAIN,
        of_mains is not None and marked * 2 > len(mains),
    )


def is_main(resolver: Resolver, character: KnownCharacter) -> bool:
    player = resolver.facts.players.get(character.player_id or 0)
    return player is not None and player.main_character_id == character.id


def _alt_forms(resolver: Resolver, alts: Iterable[KnownCharacter]) -> list[Form]:
    found = []
    for alt in alts:
        target = resolver.resolve(alt).target if alt.note else None
        if target is None or target.person.player_id != alt.player_id:
            continue
        names = [each.name for each in resolver.characters_of(alt.player_id or 0) if each.id != alt.id]
        found += [form for name in names if (form := _form_around(alt.note or "", name, resolver.vocabulary))][:1]
    return found


def _main_form(main: KnownCharacter, vocabulary: Vocabulary) -> Form | None:
    """Return how a main's note marks it, or None where it says something else, or nothing."""
    text = clean(main.note or "")
    if form := _form_around(text, main.name, vocabulary):
        return form
    if not text or parse_note(text, vocabulary).marks_main is not True:
        return None
    tokens = tokenize(text, vocabulary)
    is_marker = all(each.has(Category.MAIN) or each.shape is Shape.LETTER for each in tokens)
    return Form(text, has_name=False) if is_marker and _is_plain(text) else None


def _form_around(note: str, name: str, vocabulary: Vocabulary) -> Form | None:
    """Return what stands around a name in a note, if it is nothing but words that say whose a character is."""
    text = clean(note)
    found = re.search(rf"(?<!\w){re.escape(clean(name))}", text, re.IGNORECASE)
    if found is None:
        return None
    before, after = text[: found.start()], text[found.end() :]
    beside = [each for each in tokenize(text, vocabulary) if not _holds(each, found.start())]
    if all(each.categories & WORDS_OF_FORMS for each in beside) and _is_plain(before + after):
        return Form(before, after)
    return None


def _holds(token: Token, place: int) -> bool:
    return token.start <= place < token.end


def _is_plain(text: str) -> bool:
    return len(text) <= _LONGEST_FORM and _MARKS.fullmatch(text) is not None


def _most_frequent(forms: Sequence[Form]) -> Form | None:
    """Return the form that most notes have, whatever the case of its letters, as most of these write it."""
    if not forms:
        return None
    counts = Counter(map(_key, forms))
    key, count = min(counts.items(), key=lambda each: (-each[1], each[0]))
    written = Counter(each for each in forms if _key(each) == key)
    return min(written, key=lambda each: (-written[each], each)) if count >= FEWEST_NOTES else None


def _key(form: Form) -> tuple[str, str, bool]:
    return name_key(form.before), name_key(form.after), form.has_name


def _in_guilds_language() -> Form:
    before, _, after = tr(_ALT_OF, name="\0").partition("\0")
    return Form(before, after)
