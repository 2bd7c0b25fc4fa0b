"""`patt words`: what a guild reads differently from the vocabulary of notes."""

from __future__ import annotations

from typing import Annotated

import typer

from patt.bootstrap import Services
from patt.cli.options import GuildOption, JsonOption, actor, guild_number, with_services
from patt.cli.output import print_json, say, table
from sv_common.guild_sync.domain.errors import NotFound
from sv_common.guild_sync.domain.names import name_key
from sv_common.guild_sync.domain.notes import Category
from sv_common.guild_sync.domain.setting import WordSetting
from sv_common.guild_sync.guild_settings import recorded
from sv_common.guild_sync.store import words
from sv_common.guild_sync.store.words import GuildWord

app = typer.Typer(help="The guild's own words in notes.", no_args_is_help=True)
WordArgument = Annotated[str, typer.Argument(metavar="WORD", help="A word or a short phrase.")]


@app.command("list")
def list_words(guild: GuildOption = None, as_json: JsonOption = False) -> None:
    """Show what this guild reads differently."""

    async def work(services: Services) -> list[GuildWord]:
        number = await guild_number(services, guild)
        async with services.pool.snapshot() as conn:
            return await words.all_words(conn, number)

    found = with_services(work)
    if as_json:
        print_json(found)
        return
    rows = [(each.word, each.category or "may be a name", each.updated_by) for each in found]
    table("word", "is here", "said by", rows=rows)


@app.command("add")
def add(
    word: WordArgument,
    category: Annotated[Category, typer.Argument(help="What the word is, so that it is nobody's name.")],
    guild: GuildOption = None,
) -> None:
    """Let a word be no name in this guild, such as the name of a raid team. The next scan reads notes so."""
    _say(word, category, guild)
    say(f"“{word}” is read as {category} from now on.")


@app.command("remove")
def remove(word: WordArgument, guild: GuildOption = None) -> None:
    """Let a word of the vocabulary be a name in this guild. The next scan reads notes so."""
    _say(word, None, guild)
    say(f"“{word}” may be a name from now on.")


@app.command("reset")
def reset(word: WordArgument, guild: GuildOption = None) -> None:
    """Read a word as in every guild again."""

    async def work(services: Services) -> bool:
        number = await guild_number(services, guild)
        about = WordSetting(name_key(word), is_said=False)
        async with services.pool.connection() as conn, recorded(conn, number, about, actor=actor()):
            return await words.forget(conn, number, word)

    if not with_services(work):
        raise NotFound(f"This guild has said nothing of the word “{word}”.")
    say(f"“{word}” is read as in every guild again.")


def _say(word: str, category: Category | None, guild: int | None) -> None:
    async def work(services: Services) -> None:
        number = await guild_number(services, guild)
        about = WordSetting(name_key(word), is_said=False)
        async with services.pool.connection() as conn, recorded(conn, number, about, actor=actor()):
            await words.say(conn, number, word, category, actor=actor())

    with_services(work)
