"""The labelled rosters are read as well as the product promises."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from evaluation.labelled import LabelledGuild, labelled_guilds
from evaluation.notes import Evaluation, evaluate, figures

HEADER = "character\tnote\trank_index\tlevel\tclass\tlabel\ttarget"


@pytest.fixture(scope="module")
def guilds() -> list[LabelledGuild]:
    return list(labelled_guilds())


@pytest.fixture(scope="module")
def evaluation(guilds: list[LabelledGuild]) -> Evaluation:
    return evaluate(guilds)


def test_every_aim_is_met_on_the_labelled_rosters(evaluation: Evaluation) -> None:
    assert evaluation.missed_aims() == []


def test_no_confident_decision_is_wrong(evaluation: Evaluation) -> None:
    assert [each.reading for each in evaluation.judged if each.is_confidently_wrong] == []


def test_every_target_of_a_label_is_in_its_roster(guilds: list[LabelledGuild]) -> None:
    for guild in guilds:
        known = {each.label for each in guild.roster} | set(guild.discord_names)
        for label in guild.labels:
            assert label.label == "nickname" or set(label.targets) <= known | {""}, (guild.name, label)


def test_every_roster_says_in_which_language_its_notes_are(guilds: list[LabelledGuild]) -> None:
    assert [guild.name for guild in guilds if guild.language == "Unknown"] == []
    assert len({guild.language for guild in guilds} - {"Mixed"}) >= 14


def test_a_roster_holds_what_the_game_can_hold(guilds: list[LabelledGuild]) -> None:
    for guild in guilds:
        for each in guild.roster:
            assert 2 <= len(each.name) <= 12, (guild.name, each)
            assert len(each.note or "") <= 31, (guild.name, each)


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Evaluate a roster of these lines from the command line; gives the exit code and what was printed."""

    def evaluated(*lines: str) -> tuple[int, str]:
        (tmp_path / "tiny.tsv").write_text("\n".join((HEADER, *lines)), encoding="utf-8")
        monkeypatch.setattr(sys, "argv", ["evaluation.notes", str(tmp_path)])
        monkeypatch.delitem(sys.modules, "evaluation.notes", raising=False)
        with pytest.raises(SystemExit) as ended:
            runpy.run_module("evaluation.notes", run_name="__main__")
        assert isinstance(ended.value.code, int)
        return ended.value.code, capsys.readouterr().out

    return evaluated


def test_a_wrong_reading_is_listed_with_what_was_expected_and_what_came(run: Run) -> None:
    code, printed = run("Opal-Hyjal\t\t0\t80\tMAGE\tempty\t", "Brakk-Hyjal\tOpal\t1\t80\tMAGE\tprofession\t")
    assert code == 1
    assert "tiny: Brakk-Hyjal “Opal”: expected profession, got confident name Opal-Hyjal" in printed
    assert "1 confident decisions are wrong, and none may be" in printed


def test_too_few_notes_are_no_proof(run: Run) -> None:
    code, printed = run("Opal-Hyjal\tMain\t0\t80\tMAGE\tmain\t")
    assert code == 1
    assert "1 labelled notes are fewer than 400" in printed


def test_when_all_aims_are_met_the_command_succeeds(run: Run) -> None:
    lines = [f"Brakk-{realm}\tHoly\t1\t80\tPRIEST\tprofession\t" for realm in map(_realm, range(400))]
    code, printed = run(*lines)
    assert (code, "All aims are met." in printed) == (0, True)


def test_the_figures_are_printed_for_each_guild_with_its_language(run: Run, tmp_path: Path) -> None:
    (tmp_path / "languages.txt").write_text("guild\tlanguage\ntiny\tDanish\n", encoding="utf-8")
    _, printed = run("Opal-Hyjal\t\t0\t80\tMAGE\tempty\t", "Brakk-Hyjal\tOpal\t1\t80\tMAGE\tcharacter\tOpal-Hyjal")
    lines = [line.split() for line in printed.splitlines()]
    assert ["Danish", "2", "100.0%", "0", "100.0%", "100.0%"] in lines
    assert ["tiny", "(Danish)", "2", "100.0%", "0", "100.0%", "100.0%"] in lines


def _realm(number: int) -> str:
    return "Hyjal" + "x" * (number % 20) + "y" * (number // 20)


UNSEEN = Path(__file__).parent / "unseen"


def test_on_guilds_that_it_has_never_met_the_reading_moves_almost_nobody_wrongly() -> None:
    """No rule is written for these rosters. The floors are what they gave when they were read for the first time."""
    of = figures(evaluate(labelled_guilds(UNSEEN)).judged)
    assert of.confidently_wrong <= 1
    shares = (of.confident or 0, of.characters or 0, of.misspelled or 0, of.nobodies or 0)
    assert [round(share, 3) for share in shares if share < 0.96] == []
