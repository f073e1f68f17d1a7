"""A paper comes back into the same journal: of the right plan, in order, with the real times, and who typed it in."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from seawall.carrying import held
from seawall.errors import ExitCode
from seawall.journal import ByHand, Started
from seawall.journal_file import read_journal
from seawall.step_state import Stand

CHAIN = """\
runbook: chain
title: {en: A chain, da: En kæde}
why: {en: To see, da: For at se}
steps:
  - id: look
    does: Look at it
    uses: lamp.look
    with: {lamp: green}
  - id: light
    after: [look]
    does: Light it
    uses: lamp.on
    with: {lamp: green}
    approve: {by: incident-commander, within: 5ms}
  - id: call
    after: [light]
    does: Ring them
    by: duty-officer
    within: 5ms
    note: the case number
  - id: second
    after: [call]
    does: Light the other
    uses: lamp.on
    with: {lamp: red}
"""


@pytest.fixture
def chain(stage):
    """A run that looked by machine and waits for a yes that does not come."""
    stage.write("runbooks/chain.yaml", CHAIN)
    assert stage("run", "chain", "--yes", "chain", "--exercise").code == ExitCode.IN_DOUBT
    return stage


def minute(stage, after: float = 0) -> str:
    at = stage.state().opened.at + timedelta(minutes=after)
    return str(at.isoformat())


def typed(stage, *lines: str, code: str | None = None, who: str = "duty-officer"):
    """Give lines of a CSV file, with `NOW` for the time."""
    text = "step,result,time,by,approved_by,note\n" + "\n".join(lines) + "\n"
    path = stage.write("results.csv", text.replace("NOW", minute(stage)))
    paper = code or stage.run().plan.digest[:16]
    return stage("answer", "last", "--from-paper", "--code", paper, "--file", path, "--as", who)


LIGHT = "light,done,NOW,second-on-call,commander,"
CALL = "call,done,NOW,duty-officer,,SAG-1"
SECOND = "second,done,NOW,second-on-call,,"


def utc_now() -> datetime:
    return datetime.now(UTC)


def by_hand(stage) -> list[ByHand]:
    return [one for one in read_journal(stage.run().journal_path) if isinstance(one, ByHand)]


def test_what_was_done_by_hand_stands_in_the_journal_as_such(chain):
    said = typed(chain, LIGHT)
    assert said.code == ExitCode.DONE, said.err
    (event,) = by_hand(chain)
    assert (event.step, event.by, event.approved_by) == ("light", "second-on-call", ("commander",))
    assert event.typed_by == "duty-officer"
    assert event.when < event.at
    assert chain.state().steps["light"].ended == event.when, "the real time counts, not when it was typed"
    assert "done by hand by second-on-call" in chain("show").out
    assert "typed in from paper by duty-officer" in chain("report", "last", "--md").out


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_a_yes_on_a_paper_is_called_unverified_wherever_it_is_shown(chain):
    typed(chain, LIGHT)
    loud = "UNVERIFIED: the yes to light from commander stands on a paper only"
    for words in (("status",), ("show",), ("report", "last", "--md")):
        assert loud in flat(chain(*words).out).replace("**", ""), words
    assert "yes from commander on paper, UNVERIFIED" in flat(chain("report", "last", "--md").out)
    page = chain.city / "report.html"
    chain("report", "last", "--html", page)
    assert loud in page.read_text()
    (yes,) = json.loads(chain("report", "last", "--json").out)["steps"][1]["approvals"]
    assert (yes["by"], yes["kind"]) == ("commander", "paper")
    (run,) = json.loads(chain("status", "--json").out)["runs"]
    assert run["unverified"] == [{"step": "light", "by": ["commander"], "typed_by": "duty-officer"}]


def test_a_runbook_that_wants_a_yes_that_can_be_verified_takes_none_from_a_paper(stage):
    stage.write(
        "runbooks/chain.yaml",
        CHAIN.replace("by: incident-commander, ", "by: incident-commander, paper: no, "),
    )
    said = stage("run", "chain", "--yes", "chain", "--exercise")
    assert said.code == ExitCode.IN_DOUBT, said.out + said.err
    said = typed(stage, LIGHT)
    assert said.code == ExitCode.BAD_INPUT
    assert "light takes no yes from a paper" in flat(said.err)
    assert f"seawall approve {stage.run().id} light; then type this" in flat(said.err)
    assert not by_hand(stage)


def test_what_comes_after_goes_on_by_machine(chain):
    typed(chain, LIGHT, CALL)
    said = chain("resume", "last")
    assert said.code == ExitCode.DONE, said.out + said.err
    assert not chain.lit("green"), "a machine must not do again what a person did"
    assert chain.lit("red")
    begun = [one.step for one in read_journal(chain.run().journal_path) if isinstance(one, Started)]
    assert begun == ["look", "second"]


def test_a_run_with_nothing_left_to_do_has_ended(chain):
    said = typed(chain, LIGHT, CALL, SECOND)
    assert "the run has ended" in said.out
    state = chain.state()
    assert state.ended is not None
    assert state.ended.outcome == "done"
    assert state.changed.keys() == {"light", "call", "second"}


def test_a_paper_of_another_plan_is_refused(chain):
    said = typed(chain, LIGHT, code="0123456789abcdef")
    assert said.code == ExitCode.BAD_INPUT
    assert "another plan" in said.err
    assert not by_hand(chain)


def test_a_paper_of_another_run_of_the_same_plan_is_refused(chain):
    said = typed(chain, LIGHT, code=f"seawall:2026-01-01-0000-chain-aa:{chain.run().plan.digest}")
    assert said.code == ExitCode.BAD_INPUT
    assert "2026-01-01-0000-chain-aa" in said.err


def test_nothing_is_typed_in_without_saying_which_paper_it_is(chain):
    path = chain.write("results.csv", "step,result,time,by\n")
    said = chain("answer", "last", "--from-paper", "--file", path)
    assert said.code == ExitCode.BAD_INPUT
    assert "--code" in said.err


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ((CALL,), "light must be over before call"),
        ((CALL, LIGHT), "light must be over before call"),
        (("look,done,NOW,commander,,",), "stands as done in the journal already"),
        (("lihgt,done,NOW,commander,,",), "no step lihgt"),
        ((LIGHT, LIGHT), "stands here twice"),
        (("light,done,NOW,second-on-call,,",), "needs a yes from incident-commander"),
        (("light,done,NOW,second-on-call,duty-officer,",), "needs a yes from incident-commander"),
        (("light,done,NOW,Sofie,commander,",), "no person 'Sofie'"),
        ((LIGHT, "call,done,NOW,duty-officer,,"), "asks to note the case number"),
        ((LIGHT, "call,done,NOW,duty-officer,,Sofie Papfigur"), "the name of second-on-call"),
        (("light,done,2020-01-01 03:00,second-on-call,commander,",), "the run had not begun"),
        (("light,done,2099-01-01 03:00,second-on-call,commander,",), "has not come yet"),
        (("light,done,noon,second-on-call,commander,",), "'noon' is no time"),
        (("light,perhaps,NOW,second-on-call,commander,",), "'perhaps' is no result"),
    ],
)
def test_a_line_that_cannot_be_so_is_refused_and_nothing_is_written(chain, lines, problem):
    before = chain.run().journal_path.read_bytes()
    said = typed(chain, *lines)
    assert said.code == ExitCode.BAD_INPUT
    assert problem in " ".join(said.err.split())
    assert chain.run().journal_path.read_bytes() == before


def test_every_wrong_line_is_named_at_once(chain):
    said = typed(chain, "lihgt,done,NOW,commander,,", "call,maybe,NOW,commander,,", SECOND)
    assert "results.csv:3" in said.err
    assert typed(chain, "lihgt,done,NOW,commander,,", SECOND).err.count("results.csv:") >= 2


def test_a_step_that_was_not_done_by_hand_ends_the_run_when_it_goes_on(chain):
    assert typed(chain, "light,not-done,NOW,second-on-call,,").code == ExitCode.DONE
    assert chain.state().steps["light"].stand is Stand.FAILED
    assert not chain.lit("green")


def test_what_a_later_step_takes_from_what_was_seen_cannot_be_typed_in(chain):
    chain.write(
        "runbooks/chain.yaml", CHAIN.replace("with: {lamp: red}", "with: {lamp: red, before: {from: light}}")
    )
    chain("run", "chain", "--yes", "chain", "--exercise")
    chain("abort", chain.run().id)
    for run in (chain.city / "runs").glob("2*"):
        if run.name != chain.run().id:
            chain("abort", run.name)
    chain("run", "chain", "--yes", "chain", "--exercise")
    said = typed(chain, LIGHT, CALL)
    assert said.code == ExitCode.BAD_INPUT
    assert "second takes what light saw, and a typed result cannot stand in for that" in " ".join(
        said.err.split()
    )
    assert typed(chain, LIGHT, CALL, SECOND).code == ExitCode.DONE, "by hand all of it may be"


def test_nothing_is_typed_in_while_the_run_is_carried_out(chain):
    with held(chain.run(), utc_now, "anna"):
        said = typed(chain, LIGHT)
    assert said.code == ExitCode.FAILED
    assert "carried out already by process" in said.err
    assert not by_hand(chain)


def test_a_step_whose_ending_was_not_seen_is_settled_by_who_did_it_by_hand(stage, open_run):
    run = open_run("blink", "lamp=cut")
    with held(run, utc_now, "anna") as journal:
        now = next(iter(journal.events())).at
        journal.append([Started(at=now, step="light", attempt=1, until=now)])
    assert typed(stage, "light,done,NOW,second-on-call,,").code == ExitCode.DONE
    assert stage.state().steps["light"].stand is Stand.DONE
    stage("resume", "last")
    assert stage.state().ended is not None
    assert not stage.lit("cut"), "no machine does again what was done by hand"


def test_a_file_of_excel_is_read_too(chain):
    text = "﻿Step;Result;Time;By;Approved_By;Note\r\nlight;done;NOW;second-on-call;commander;\r\n\r\n"
    path = chain.write("results.csv", text.replace("NOW", minute(chain)))
    said = chain(
        "answer", "last", "--from-paper", "--code", chain.run().plan.digest, "--file", path, "--json"
    )
    assert said.code == ExitCode.DONE, said.err
    told = json.loads(said.out)
    assert told["typed"][0]["step"] == "light"
    assert told["open"] == ["call", "second"]


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"a,b\n", b'step,result,time,by\n"light', b"step,result,time,by\n\x00,,,\n"]
)
def test_a_file_that_is_no_paper_is_refused(chain, content):
    path = chain.write("results.csv", content)
    code = chain.run().plan.digest[:16]
    said = chain("answer", "last", "--from-paper", "--code", code, "--file", path)
    assert said.code in (ExitCode.BAD_INPUT, ExitCode.DONE)
    assert not by_hand(chain)


@pytest.mark.slow
def test_at_a_terminal_it_is_asked_step_by_step(chain, sit_down):
    with sit_down("answer", "last", "--from-paper", "--as", "commander") as keyboard:
        keyboard.until("square code")
        keyboard.type(chain.run().plan.digest[:16])
        keyboard.until("2. light")
        keyboard.until("> ")
        clock = (chain.state().opened.at + timedelta(seconds=1)).astimezone().isoformat()
        keyboard.type(f"done {clock} second-on-call")
        keyboard.until("Who said yes")
        keyboard.type("duty-officer")
        keyboard.until("needs a yes from incident-commander")
        keyboard.until("> ")
        keyboard.type(f"done {clock} second-on-call")
        keyboard.until("Who said yes")
        keyboard.type("commander")
        keyboard.until("3. call")
        keyboard.type("stop")
        keyboard.until("Typed in, 1 in all, by commander")
        assert keyboard.ended() == ExitCode.DONE
    assert [one.step for one in by_hand(chain)] == ["light"]


@pytest.mark.slow
def test_what_was_typed_is_kept_in_a_file_when_the_typing_is_broken_off(
    chain, sit_down, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    with sit_down("answer", "last", "--from-paper", "--as", "commander") as keyboard:
        keyboard.until("square code")
        keyboard.type(chain.run().plan.digest[:16])
        keyboard.until("2. light")
        keyboard.type(f"not-done {minute(chain)} second-on-call")
        keyboard.until("3. call")
        keyboard.press_ctrl_c()
        keyboard.until("--file")
        keyboard.ended()
    kept = list(Path.cwd().glob("*.results.csv")) + list(Path(__file__).parents[3].glob("*.results.csv"))
    try:
        assert len(kept) == 1
        assert "light,not-done" in kept[0].read_text()
    finally:
        for one in kept:
            one.unlink()
    assert not by_hand(chain)
