"""Names that somebody hostile chose, and how to see whether a page takes them for anything but text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from guild_builder import GuildBuilder
from proofs.furnishing import Words, furnish
from proofs.looking import PHONE, WIDE, Eye
from sv_common.db.pool import Pool

FORMULAS = (
    '=HYPERLINK("http://owned.test";"x")',
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1+1)*cmd",
    "\t=1+1",
    "\n=1+1",
    "＝1+1",
)
"""What a spreadsheet would run."""

STEERING = "\u202e\u2066\u200f\u061c"
"""Marks that turn text around, so that a name looks like another one."""

TEXTS = (
    "<script>window.owned = 1</script>",
    '"><img src=x onerror="window.owned=1" class="owned">',
    "'-window.owned=1-'</textarea></title><b class=owned>",
    "javascript:window.owned=1",
    "{{9**9}}${9**9}<%= 9**9 %>#{9**9}",
    f"{STEERING}Mito{STEERING}שלום مرحبا",
    "👩‍👩‍👧‍👦" * 6 + "🐉" * 25,
    "W" * 300,
    "%00%0d%0aSet-Cookie: owned=1 \\0 \\u0000 &#0; &lt;b&gt;",
    '"} 1\n# TYPE owned counter\nowned 1',
    "@everyone <@1> [x](http://owned.test) `**||",
    "'; drop table guild_identity.players; --",
    *FORMULAS,
)
OFFICER = f"{TEXTS[0]}{TEXTS[1]}{TEXTS[4]}{TEXTS[5]}{TEXTS[7]}"

_SUM_OF_A_TEMPLATE = "387420489"
"""Long enough to stand in no key of a plan by chance."""
_TAKEN_FOR_MORE_THAN_TEXT = """() => ({
    "a script has run": "owned" in window,
    "an element came of it": document.querySelectorAll(".owned, script:not([src]), main textarea").length > 0,
    "a link runs a script": document.querySelectorAll("[href^='javascript:' i]").length > 0,
})"""


async def furnish_hostile(pool: Pool) -> None:
    """Guilds in which every name, note and reason is hostile."""
    guild = await GuildBuilder.create(pool, f"{TEXTS[1]}{TEXTS[5]}")
    await _name_ranks_and_realms(guild)
    await furnish(guild, Words(TEXTS), f"officer {OFFICER}")
    for place, text in enumerate(TEXTS):
        await GuildBuilder.create(pool, f"{text}{place}", str(7100 + place))


async def _name_ranks_and_realms(guild: GuildBuilder) -> None:
    for rank, text in enumerate(TEXTS[:4]):
        await guild.execute(
            "update common.guild_ranks set name = %(text)s, name_in_game = %(text)s, discord_role_name = %(text)s "
            "where guild_id = %(guild)s and wow_rank_index = %(rank)s",
            {"text": text, "rank": rank},
        )


async def taken_for_more_than_text(tab: Eye) -> list[str]:
    """Return what the page that is open made of hostile names, at both widths."""
    seen: dict[str, Any] = await tab.page.evaluate(_TAKEN_FOR_MORE_THAN_TEXT)
    found = [what for what, is_so in seen.items() if is_so]
    found += more_than_text_in(await tab.page.content())
    for width in (WIDE, PHONE):
        await tab.show("light", width)
        found += [f"{over} pixels too wide at {width}"] if (over := await tab.overhang()) else []
    return found


def more_than_text_in(source: str) -> list[str]:
    """Return what a page's source made of hostile names."""
    found = ["a template in a name was worked out"] if _SUM_OF_A_TEMPLATE in source else []
    found += ["an element came of it"] if _Owned(source).is_there else []
    return found + [
        f"{mark!r} can turn text around"
        for mark in sorted(set(re.findall("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]", source)))
    ]


class _Owned(HTMLParser):
    """Looks for an element that a hostile name made."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.is_there = False
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 -- any may be
        """Notice the element by its class."""
        self.is_there |= "owned" in (dict(attrs).get("class") or "").split()
