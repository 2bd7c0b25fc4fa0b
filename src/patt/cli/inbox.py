"""The Inbox on the command line: all that is open as questions, and answering them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

import typer

from patt.bootstrap import Services
from patt.cli.output import JsonOption, print_json, say, show, table
from patt.cli.runner import DryRunOption, GuildOption, actor, call, read, row_number
from patt.cli.speech.words import word
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import mark, number, tr, tr_in, tr_n
from sv_common.guild_sync.identity.decisions import ManualDecision, NewPlayer
from sv_common.guild_sync.inbox import commands
from sv_common.guild_sync.inbox.commands import FixedReady
from sv_common.guild_sync.insights.inbox import listing
from sv_common.guild_sync.insights.inbox.model import Answer, Answered, Inbox, Offer, Question, SafeFixes
from sv_common.guild_sync.insights.inbox.question import question as question_of
from sv_common.guild_sync.insights.inbox.somebody import Somebody, somebody
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.history import Seen
from sv_common.guild_sync.roster import guilds

MOST_SHOWN = 20

app = typer.Typer(no_args_is_help=True)
KeyArgument = Annotated[int, typer.Argument(parser=row_number, metavar="KEY", help=mark("Number of the question."))]
_Name = Annotated[
    str | None, typer.Option("--name", help=mark("What the new player is called; else as the note says."))
]
_Remember = Annotated[
    bool, typer.Option("--remember-note", help=mark("From now on, the name in the note means this player."))
]


@app.command("list", help=mark("Show all that is open as questions."))
def list_questions(
    everything: Annotated[bool, typer.Option("--all", help=mark("All of each group, not the first 20."))] = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    show(read(guild, listing.inbox), as_json, lambda found: _say_inbox(found, everything))


@app.command("show", help=mark("Show one question: what is known, and its answers by number."))
def show_question(key: KeyArgument, as_json: JsonOption = False) -> None:
    show(call(_question, key), as_json, _say_question)


@app.command(
    help=mark(
        "Answer a question with the answer of a number, with a new player, that it is a bank or shared, or by unlinking."
    )
)
def answer(
    key: KeyArgument,
    number: Annotated[int | None, typer.Argument(metavar="[NUMBER]", help=mark("Number of the answer."))] = None,
    new_player: Annotated[bool, typer.Option("--new-player", help=mark("It is a new player’s."))] = False,
    shared: Annotated[bool, typer.Option("--shared", help=mark("It is a bank or shared character."))] = False,
    unlink: Annotated[
        bool, typer.Option("--unlink", help=mark("The player is not the Discord member any more."))
    ] = False,
    share_account: Annotated[
        bool, typer.Option("--share-account", help=mark("Several people play on the Battle.net account."))
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help=mark("It stays as it is, though a member proved it. Needs --reason."))
    ] = False,
    reason: Annotated[str, typer.Option(help=mark("Why it stays; kept and shown."))] = "",
    name: _Name = None,
    remember_note: _Remember = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    async def answered(services: Services) -> Answered | Offer:
        found = await _question(services, key)
        others = {
            "--new-player": new_player,
            "--shared": shared,
            "--unlink": unlink,
            "--share-account": share_account,
            "--keep": keep,
        }
        offer = _chosen(found, number, [name for name, is_chosen in others.items() if is_chosen])
        decision = offer.decision
        if decision is None:
            raise BadInput(offer.why_not or tr("This answer cannot be chosen."))
        if dry_run:
            return offer
        wanted = _with(replace(decision, plan_key=offer.plan_key), name, remember_note, reason)
        seen, along = Seen.read(found.seen), found.entry.along
        return await commands.answer(services.pool, key, wanted, actor=actor(), seen=seen, along=along)

    done = call(answered)
    if isinstance(done, Offer):
        show(
            done,
            as_json,
            lambda offer: say(" ".join((offer.effect or tr("It is confirmed."), tr("Nothing was changed.")))),
        )
    else:
        show(done, as_json, _say_done)


@app.command(help=mark("Let a question come back later."))
def snooze(
    key: KeyArgument,
    days: Annotated[int | None, typer.Option(min=1, max=365, help=mark("In how many days it comes back."))] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help=mark("The day (UTC) it comes back."))
    ] = None,
    as_json: JsonOption = False,
) -> None:
    if (days is None) is (until is None):
        raise BadInput(tr("Say when the question comes back: either --until with a day, or --days."))
    end: date = until.date() if until is not None else datetime.now(UTC).date() + timedelta(days or 0)
    show(call(lambda services: commands.snooze(services.pool, key, until=end, actor=actor())), as_json, _say_done)


@app.command(help=mark("Dismiss questions, all or none. One comes back when its evidence changes."))
def dismiss(
    keys: Annotated[
        list[int], typer.Argument(parser=row_number, metavar="KEY...", help=mark("Numbers of the questions."))
    ],
    reason: Annotated[str, typer.Option(help=mark("Why, in a few words."))],
    as_json: JsonOption = False,
) -> None:
    if len(keys) == 1:
        done = call(lambda services: commands.dismiss(services.pool, keys[0], reason=reason, actor=actor()))
        show(done, as_json, _say_done)
        return
    apart = call(lambda services: commands.set_apart(services.pool, keys, reason=reason, actor=actor()))
    show(apart, as_json, lambda told: say(told.sentence + " " + tr("To undo: patt undo")))


@app.command(
    help=mark("Find who else a question could be about: players, characters and Discord members by any of their names.")
)
def find(
    key: KeyArgument, words: Annotated[str, typer.Argument(help=mark("Part of a name."))], as_json: JsonOption = False
) -> None:
    async def found(services: Services) -> list[Somebody]:
        async with services.pool.reading(await lifecycle.guild_of(services.pool, key, None)) as here:
            return await somebody(here, key, words)

    show(
        call(found),
        as_json,
        lambda people: say("\n".join(f"{each.label} · {each.about}" for each in people) or tr("No one matches.")),
    )


@app.command(help=mark("Apply fixes that are ready. Exit code 1 if one could not be applied."))
def fix(
    keys: Annotated[
        list[int] | None, typer.Argument(parser=row_number, metavar="[KEY]...", help=mark("Questions that are ready."))
    ] = None,
    safe: Annotated[bool, typer.Option("--safe", help=mark("All answers with certain evidence."))] = False,
    dry_run: DryRunOption = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    if safe is bool(keys):
        raise BadInput(tr("Give the numbers of questions, or --safe."))

    async def fixed(services: Services) -> FixedReady | SafeFixes:
        number = await lifecycle.guild_of(services.pool, keys[0], guild) if keys else await _guild(services, guild)
        async with services.pool.reading(number) as here:
            ready = await (listing.safe_fixes(here) if safe else listing.ready_fixes(here, keys or ()))
        if dry_run or (safe and not ready.fixes):
            return ready
        return await commands.fix_ready(
            services.pool,
            [each.key for each in ready.fixes] if safe else list(keys or ()),
            actor=actor(),
            guild_id=number,
            discord_bot=services.sources.discord,
            plan_keys={each.key: each.plan_key for each in ready.fixes},
        )

    done = call(fixed)
    if isinstance(done, SafeFixes):
        show(done, as_json, _say_fixes)
        return
    if as_json:
        print_json(done)
    else:
        say(done.sentence)
        for each in done.results:
            told = tr("Question {question}: {sentence}", question=each.issue_id, sentence=each.sentence)
            if each.attempt_id is not None:
                told += " " + tr("(undo: patt undo {attempt})", attempt=each.attempt_id)
            say(f"  {told}")
    if not all(each.resolved for each in done.results):
        raise typer.Exit(1)


async def _question(services: Services, key: int) -> Question:
    async with services.pool.reading(await lifecycle.guild_of(services.pool, key, None)) as here:
        return await question_of(here, key)


async def _guild(services: Services, guild: int | None) -> int:
    return await guilds.resolve_guild(services.pool, guild)


def _other_offers(found: Question) -> dict[str, Offer | None]:
    """Return the answers without a number, by their options."""
    return {
        "--new-player": found.new_player,
        "--shared": found.shared,
        "--unlink": found.unlink,
        "--share-account": found.share_account,
        "--keep": found.keep,
    }


def _chosen(found: Question, number: int | None, others: Sequence[str]) -> Offer:
    """Return what is chosen. Raises `BadInput` where not exactly one thing is, or the question has no such answer."""
    if (number is not None) + len(others) != 1:
        raise BadInput(
            tr("Choose one answer: its number, --new-player, --shared, --unlink, --share-account, or --keep.")
        )
    numbered = {each.number: each for each in found.answers}
    offer = _other_offers(found)[others[0]] if others else numbered.get(number)
    if offer is None:
        raise BadInput(
            tr(
                "“{question}” has no such answer. See: patt inbox show {n}",
                question=found.entry.question,
                n=found.key,
            )
        )
    return offer


def _with(decision: ManualDecision, name: str | None, remember_note: bool, reason: str) -> ManualDecision:
    more: dict[str, Any] = {"remember_note": True} if remember_note else {}
    if reason:
        if not hasattr(decision, "reason"):
            raise BadInput(tr("--reason is for answers that take one, such as --keep."))
        more["reason"] = reason
    if name is not None:
        if not isinstance(decision, NewPlayer):
            raise BadInput(tr("--name is for a new player."))
        more["name"] = name
    if remember_note and not hasattr(decision, "remember_note"):
        raise BadInput(tr("--remember-note is for linking a character."))
    return replace(decision, **more)


def _say_inbox(found: Inbox, everything: bool) -> None:
    known = tr_n(
        "{known} of {n} character known.", "{known} of {n} characters known.", found.total, known=number(found.known)
    )
    left = tr_n("{n} question left.", "{n} questions left.", found.questions)
    say(f"{known} {left}")
    told = [*(each.sentence for each in found.held), *(each.sentence for each in found.losses)]
    told += [f"{each.sentence} {each.remedy}" for each in found.sources]
    told += [found.match.sentence] if found.match is not None else []
    for sentence in (*told, *found.doubts):
        say(sentence)
    for group in found.groups:
        if group.entries:
            shown = group.entries if everything else group.entries[:MOST_SHOWN]
            rows = [
                (
                    entry.key,
                    entry.question,
                    entry.hint or "",
                    entry.does.verb
                    if entry.does
                    else f"{entry.best.label} ({word(entry.best.strength)})"
                    if entry.best
                    else "",
                )
                for entry in shown
            ]
            table(tr_in("question", "number"), f"{group.name} ({group.total})", "", "", rows=rows)


def _say_question(found: Question) -> None:
    place = tr("({place} of {total})", place=number(found.place), total=number(found.total))
    say(f"{found.entry.question} {place}")
    for said in found.evidence:
        old = " " + tr("(old)") if said.is_old else ""
        say(f"  {word(said.source)}: {said.sentence}{old}")
    if found.ready is not None:
        say(tr("Ready: {fix}. Apply it with: patt inbox fix {question}", fix=found.ready.does.verb, question=found.key))
    for each in found.answers:
        _say_answer(each)
    for name, offer in _other_offers(found).items():
        if offer is not None and offer.decision is not None:
            say(f"  {name}: {offer.effect}")
    if found.also is not None:
        say(found.also)
    if found.remember is not None:
        say(tr("With --remember-note, “{name}” means the player from now on.", name=found.remember))
    if found.no_fix is not None:
        say(tr("No fix: {reason}", reason=found.no_fix))


def _say_answer(each: Answer) -> None:
    place = tr("ruled out") if each.is_rejected else str(each.number or "–")
    say(f"  {place}  {each.label} · {each.facts} ({word(each.strength)}){f': {each.effect}' if each.effect else ''}")
    for sentence in each.speaks_for:
        say(f"     + {sentence}")
    for sentence in each.speaks_against:
        say(f"     - {sentence}")


def _say_fixes(found: SafeFixes) -> None:
    for each in found.fixes:
        say(tr("Question {question}: {fix}", question=each.key, fix=each.does.verb))
        for step in each.steps:
            say(f"  {step}")
    would = tr_n("{n} would be applied.", "{n} would be applied.", len(found.fixes))
    say(would + " " + tr("Nothing was changed."))


def _say_done(done: Answered) -> None:
    say(done.sentence)
    if done.undo is not None:
        say(tr("To undo: patt undo"))
    if done.next is not None:
        say(tr("Next: patt inbox show {question}", question=done.next))
