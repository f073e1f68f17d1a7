"""Where yeses are signed, every other word that lets a run go on is signed too; one that stops it needs none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.decide import Ask, Finish, Way
from seawall.drive import NOBODY_JUDGES, drive
from seawall.journal import (
    Answered,
    Failed,
    Outcome,
    Resumed,
    Retried,
    Skipped,
    Started,
    WentAlone,
    Word,
)
from seawall.judging import NO_TRUST, NoTrustHere
from seawall.plan import Plan
from seawall.signed_words import ALONE_LASTS, WORDS_LAST, GoingOn, WordStatement, alone_of, statement_of
from seawall.signers import parse_signers
from seawall.state import State
from seawall.statements import NAMESPACES, read_statement, signed
from tests.fakes import MIDNIGHT, Behaviour, MemoryInbox, MemoryJournal, SimulatedHands, SimulatedWorld
from tests.seawall.keys import Key
from tests.seawall.plans import a_change, a_persons, a_plan
from tests.seawall.test_judging import KEYS, OTHER, RUN, city, judge, opened

REFUSED = Behaviour(takes=1.0, acts_after=None, ends="refused")
SAYS: dict[str, Callable[[datetime, str], GoingOn]] = {
    "skip": lambda at, by: Skipped(at=at, step="fence", by=by, why="it is off"),
    "retry": lambda at, by: Retried(at=at, step="fence", by=by, why="it is back"),
    "answer": lambda at, by: Answered(at=at, step="ring", by=by, answer="happened", why="spoke to Mette"),
}


def plan() -> Plan:
    ring = a_persons("ring").model_copy(update={"by": "incident-commander"})
    return a_plan(ring, a_change("fence"), a_change("promote", "fence"))


def failed(of: Plan) -> State:
    fell = Failed(
        at=MIDNIGHT,
        step="fence",
        attempt=1,
        error="DidNothing",
        where="x",
        problem="no",
        remedy="y",
        acted=False,
    )
    begun = Started(at=MIDNIGHT, step="fence", attempt=1, until=MIDNIGHT + timedelta(seconds=10))
    return State(of, [opened(of), begun, fell])


def said(
    of: Plan,
    kind: str,
    by: str = "bo",
    *,
    at: datetime = MIDNIGHT,
    run: str = RUN,
    key: Key | None = None,
    **changed: Any,
) -> GoingOn:
    """A word as it is signed, but for what is changed in its statement."""
    word = SAYS[kind](at, by)
    statement = statement_of(word, failed(of).steps[word.step], of, run=run).model_copy(update=changed)
    return word.model_copy(update={"signed": signed(statement, statement.namespace, key or KEYS[by])})


def why_not(
    folder: Path, word: GoingOn, *, state: State | None = None, later: timedelta = timedelta()
) -> str | None:
    return judge(folder).why_word_does_not_count(word, state or failed(plan()), MIDNIGHT + later)


@pytest.mark.parametrize("kind", SAYS)
def test_a_signed_word_of_somebody_whose_key_stands_in_the_trust_root_counts(kind: str, tmp_path: Path):
    assert why_not(tmp_path, said(plan(), kind)) is None


WRONG: dict[str, tuple[Callable[[str], GoingOn], str]] = {
    "typed": (lambda kind: SAYS[kind](MIDNIGHT, "bo"), "and here it is signed: `seawall "),
    "another run": (lambda kind: said(plan(), kind, run=OTHER), "it is about run"),
    "a real run": (
        lambda kind: said(plan(), kind, exercise=False),
        "about a real run, and this is an exercise",
    ),
    "another city": (lambda kind: said(plan(), kind, city="elsewhere"), "it is about city elsewhere"),
    "another plan": (lambda kind: said(plan(), kind, plan="0" * 64), "it is about plan 0000"),
    "another step": (lambda kind: said(plan(), kind, step="promote"), "something else than what was signed"),
    "another reason": (
        lambda kind: said(plan(), kind).model_copy(update={"why": "because"}),
        "something else than what was signed",
    ),
    "another giver": (
        lambda kind: said(plan(), kind).model_copy(update={"by": "erik"}),
        "something else than what was signed",
    ),
    "another time": (
        lambda kind: said(plan(), kind).model_copy(update={"at": MIDNIGHT + timedelta(minutes=1)}),
        "something else than what was signed",
    ),
    "another question": (
        lambda kind: said(plan(), kind, about="undo-doubt"),
        "signed about another question",
    ),
    "other arguments": (lambda kind: said(plan(), kind, args_digest="0" * 64), "than the plan's"),
    "not yet": (lambda kind: said(plan(), kind, at=MIDNIGHT + timedelta(minutes=5)), "compare the clocks"),
    "expired": (
        lambda kind: said(plan(), kind, at=MIDNIGHT - WORDS_LAST - timedelta(seconds=1)),
        "it expired at",
    ),
    "for ever": (
        lambda kind: said(plan(), kind, expires=MIDNIGHT + timedelta(days=1)),
        "longer than such a word may",
    ),
    "another's key": (
        lambda kind: said(plan(), kind, key=KEYS["erik"]),
        "it is the key of erik, and not of bo",
    ),
    "nobody whose key stands there": (
        lambda kind: said(plan(), kind, "zoe", key=KEYS["bo"]),
        "it is the key of bo, and not of zoe",
    ),
    "written another way": (lambda kind: spaced(said(plan(), kind)), "that this version knows"),
}


def spaced(word: GoingOn) -> GoingOn:
    assert word.signed is not None
    text = word.signed.statement.replace(":", ": ", 1)
    return word.model_copy(update={"signed": word.signed.model_copy(update={"statement": text})})


@pytest.mark.parametrize("kind", SAYS)
@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_count_is_told_why(case: str, kind: str, tmp_path: Path):
    make, words = WRONG[case]
    why = why_not(tmp_path, make(kind))
    assert why is not None
    assert words in why


def test_a_skip_is_no_retry(tmp_path: Path):
    skip = said(plan(), "skip")
    retry = Retried(at=skip.at, step="fence", by="bo", why=skip.why, signed=skip.signed)
    assert "something else than what was signed" in str(why_not(tmp_path, retry))


def test_a_key_that_may_not_sign_this_word_does_not(tmp_path: Path):
    lines = "".join(f'{name} namespaces="seawall-approval" {key.line}\n' for name, key in KEYS.items())
    one = judge(tmp_path)
    strict = replace(one, signers=replace(one.signers, every=parse_signers(lines, "file")))
    for kind in SAYS:
        why = strict.why_word_does_not_count(said(plan(), kind), failed(plan()), MIDNIGHT)
        assert why == f"it may sign seawall-approval, and not seawall-{kind}"


def test_a_word_counts_once(tmp_path: Path):
    of = plan()
    first = said(of, "retry")
    state = failed(of)
    state.apply(first)
    assert "each counts once" in str(why_not(tmp_path, first, state=state))
    assert why_not(tmp_path, said(of, "retry"), state=state) is None


@given(st.data())
def test_no_character_of_what_was_signed_can_be_changed(data: st.DataObject):
    word = said(plan(), "answer")
    assert word.signed is not None
    text = word.signed.statement
    place = data.draw(st.integers(0, len(text) - 1))
    changed = text[:place] + data.draw(st.characters(min_codepoint=32, max_codepoint=126)) + text[place + 1 :]
    if changed != text:
        other = word.model_copy(update={"signed": word.signed.model_copy(update={"statement": changed})})
        assert why_not(Path("/nowhere"), other) is not None


STOPS: tuple[Literal["no", "did-not-happen", "cannot"], ...] = ("no", "did-not-happen", "cannot")


@pytest.mark.parametrize("answer", STOPS)
def test_what_only_stops_a_run_needs_no_signature(
    answer: Literal["no", "did-not-happen", "cannot"], tmp_path: Path
):
    word = Answered(at=MIDNIGHT, step="ring", by="bo", answer=answer)
    assert why_not(tmp_path, word) is None
    assert NoTrustHere().why_word_does_not_count(word, failed(plan()), MIDNIGHT) is None


@pytest.mark.parametrize("kind", SAYS)
def test_a_host_that_cannot_check_it_lets_no_word_count(kind: str):
    assert NoTrustHere().why_word_does_not_count(said(plan(), kind), failed(plan()), MIDNIGHT) == NO_TRUST


def test_a_doubt_and_its_undoing_are_two_questions(tmp_path: Path):
    of = a_plan(a_change("fence"))
    begun = Started(at=MIDNIGHT, step="fence", attempt=1, until=MIDNIGHT + timedelta(seconds=10))
    doubt = State(of, [opened(of), begun, Resumed(at=MIDNIGHT, by="bo")])
    word = Answered(at=MIDNIGHT, step="fence", by="bo", answer="happened")
    statement = statement_of(word, doubt.steps["fence"], of, run=RUN)
    assert statement.about == "doubt"
    word = word.model_copy(update={"signed": signed(statement, "seawall-answer", KEYS["bo"])})
    assert why_not(tmp_path, word, state=doubt) is None
    undoing = State(
        of, [opened(of), begun.model_copy(update={"undoing": True}), Resumed(at=MIDNIGHT, by="bo")]
    )
    assert "another question" in str(why_not(tmp_path, word, state=undoing))


class Drama:
    """A run whose `fence` fails the first time, driven as often as one likes where yeses are signed."""

    def __init__(self, *, yeses: Literal["typed", "signed"] = "signed") -> None:
        self.plan = a_plan(a_change("fence"), a_change("promote", "fence"))
        self.world, self.journal = (
            SimulatedWorld(behaviours={("fence", Way.ACT): [REFUSED, Behaviour()]}),
            MemoryJournal(),
        )
        self.journal.append([opened(self.plan).model_copy(update={"yeses": yeses})])

    def drive(self, *words: Word, gate: Any = None) -> tuple[Finish | Ask, MemoryInbox]:
        inbox = MemoryInbox(list(words))
        hands = SimulatedHands(self.world)
        return drive(self.plan, self.journal, hands, self.world.clock, inbox=inbox, gate=gate), inbox

    def signed(self, word: GoingOn) -> GoingOn:
        state = State(self.plan, self.journal.events())
        statement = statement_of(word, state.steps[word.step], self.plan, run=RUN)
        return word.model_copy(update={"signed": signed(statement, statement.namespace, KEYS[word.by])})


@pytest.mark.parametrize("kind", ["skip", "retry"])
def test_a_run_goes_on_by_a_signed_word_and_a_typed_one_is_put_aside(kind: str):
    drama, gate = Drama(), judge(Path("/nowhere"))
    assert drama.drive(gate=gate)[0] == Finish(Outcome.FAILED)
    typed = SAYS[kind](drama.world.clock.now, "bo")
    end, inbox = drama.drive(typed, gate=gate)
    assert end == Finish(Outcome.FAILED)
    ((_, why),) = inbox.refused
    assert f"it is typed, and here it is signed: `seawall {kind} {RUN} fence" in why
    end, inbox = drama.drive(drama.signed(typed), gate=gate)
    assert (end, inbox.refused) == (Finish(Outcome.DONE), [])
    (heard,) = [one for one in drama.journal.events() if isinstance(one, Skipped | Retried)]
    statement = read_statement(WordStatement, heard.signed) if heard.signed else None
    assert statement is not None
    assert (statement.kind, statement.by, statement.run) == (kind, "bo", RUN)


def test_where_nobody_can_judge_them_no_word_lets_a_run_of_signed_yeses_go_on():
    drama = Drama()
    drama.drive()
    word = drama.signed(SAYS["skip"](drama.world.clock.now, "bo"))
    end, inbox = drama.drive(word)
    assert (end, [why for _, why in inbox.refused]) == (Finish(Outcome.FAILED), [NOBODY_JUDGES])


def test_where_yeses_are_typed_so_are_the_other_words():
    drama = Drama(yeses="typed")
    drama.drive()
    assert drama.drive(SAYS["skip"](drama.world.clock.now, "bo"))[0] == Finish(Outcome.DONE)


def alone(of: Plan, *who: str, run: str = RUN, key: Key | None = None, **changed: Any) -> WentAlone:
    statements = [
        alone_of(of, run=run, by=by, why="rang both halls", now=MIDNIGHT).model_copy(update=changed)
        for by in who
    ]
    signatures = tuple(signed(one, "seawall-only-one-place", key or KEYS[one.by]) for one in statements)
    return WentAlone(at=MIDNIGHT, by=("bo", "erik"), silent=("south", "witness"), signatures=signatures)


def why_not_alone(said: WentAlone, *before: WentAlone) -> str | None:
    return judge(Path("/nowhere")).why_alone_does_not_count(said, plan(), RUN, before)


def test_two_signed_words_let_a_run_go_on_with_one_place_left_once():
    said = alone(plan(), "bo", "erik")
    assert why_not_alone(said) is None
    assert "each counts once" in str(why_not_alone(said, said))
    assert why_not_alone(alone(plan(), "bo", "erik"), said) is None


def test_going_on_with_one_place_left_takes_two_people_who_each_signed_for_this_run_just_now():
    of = plan()
    for said, words in (
        (alone(of), "they are only named, and here each signs"),
        (alone(of, "bo"), "they are only named"),
        (alone(of, "bo", "bo"), "erik has signed nothing of the kind"),
        (alone(of, "bo", "erik", run=OTHER), "it is about run"),
        (alone(of, "bo", "erik", plan="0" * 64), "it is about plan"),
        (alone(of, "bo", "erik", key=KEYS["bo"]), "it is the key of bo, and not of erik"),
        (alone(of, "bo", "erik", expires=MIDNIGHT + timedelta(hours=2)), "longer than such a word may"),
        (
            alone(of, "bo", "erik").model_copy(update={"at": MIDNIGHT + ALONE_LASTS + timedelta(seconds=1)}),
            "it expired at",
        ),
    ):
        assert words in str(why_not_alone(said))
    nobody = replace(judge(Path("/nowhere")), city=city().model_copy(update={"people": {}}))
    assert "there is no person 'bo'" in str(
        nobody.why_alone_does_not_count(alone(of, "bo", "erik"), of, RUN, ())
    )
    one = judge(Path("/nowhere"))
    shared = replace(
        one, signers=replace(one.signers, every=parse_signers(f"bo,erik {KEYS['bo'].line}\n", "f"))
    )
    why = shared.why_alone_does_not_count(alone(of, "bo", "erik", key=KEYS["bo"]), of, RUN, ())
    assert why == "both signed with one key: two people have two keys"
    assert NoTrustHere().why_alone_does_not_count(alone(of, "bo", "erik"), of, RUN, ()) == NO_TRUST


def test_every_kind_of_word_has_a_namespace_of_its_own():
    spaces = {
        statement_of(SAYS[kind](MIDNIGHT, "bo"), failed(plan()).steps["ring"], plan(), run=RUN).namespace
        for kind in SAYS
    }
    assert spaces == {f"seawall-{kind}" for kind in SAYS}
    assert spaces < set(NAMESPACES)
    assert len(set(NAMESPACES)) == len(NAMESPACES)
