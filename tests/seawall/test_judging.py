"""A yes opens one step of one run once, for a while, by somebody who may; whatever else it is, it does not count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.memory.places import PlaceInMemory
from seawall.codes import Printed, all_used_at, heard, keep_sheet, make_sheet, used_at, used_in
from seawall.decide import Ask, Finish
from seawall.drive import drive
from seawall.inventory import About, Inventory
from seawall.journal import (
    Approved,
    Asked,
    Escalated,
    Lapsed,
    Opened,
    Outcome,
    Resumed,
    SignedFromHere,
    Started,
    Word,
)
from seawall.judging import NO_TRUST, Judge, NoTrustHere, judge_without_city, may_say_yes, word_of
from seawall.model import Text
from seawall.people import Person
from seawall.places import Places, PlaceSilent
from seawall.plan import Approval, Plan
from seawall.signed import Signed
from seawall.signers import Signers, parse_signers
from seawall.state import State
from seawall.statements import YesStatement, request_for, signed, yes_to
from tests.fakes import MIDNIGHT, MemoryInbox, MemoryJournal, SimulatedHands, SimulatedWorld
from tests.seawall.keys import Key, ed25519_key
from tests.seawall.plans import a_change, a_plan

KEYS = {name: ed25519_key() for name in ("anna", "bo", "carl", "dora", "erik")}
RUN = "2026-11-22-0300-move-k3"
OTHER = "2026-11-22-0400-move-x9"


def city(**away: Any) -> Inventory:
    """bo and erik command; carl stands in for bo; anna and dora are nobody's deputy."""
    commands = ("incident-commander",)
    people = {
        "anna": Person(title="Anna", roles=("operator",)),
        "bo": Person(title="Bo", roles=commands, deputies=("carl",), **away),
        "carl": Person(title="Carl"),
        "dora": Person(title="Dora"),
        "erik": Person(title="Erik", roles=commands),
    }
    return Inventory(
        city=About(name="example", title=Text(en="Example"), timezone="Europe/Copenhagen"), people=people
    )


def judge(folder: Path, inventory: Inventory | None = None) -> Judge:
    lines = "".join(f'{name} namespaces="seawall-*" {key.line}\n' for name, key in KEYS.items())
    return Judge(Signers(folder, parse_signers(lines, "file")), inventory or city(), folder / "runs")


def plan(people: int = 1, **more: Any) -> Plan:
    approve = Approval(by="incident-commander", people=people, within=timedelta(minutes=10), **more)
    return a_plan(a_change("fence", approve=approve), a_change("promote", "fence", approve=approve))


def opened(of: Plan, by: str = "anna", *, request: bool = True) -> Opened:
    statement = request_for(of, run=RUN, requester=by, now=MIDNIGHT)
    return Opened(
        at=MIDNIGHT,
        run=RUN,
        plan=of.digest,
        runbook=of.runbook,
        title=of.title,
        exercise=of.exercise,
        by=by,
        version="0",
        yeses="signed",
        request=signed(statement, "seawall-request", KEYS[by]) if request else None,
    )


def statement(of: Plan, by: str = "bo", step: str = "fence", **more: Any) -> YesStatement:
    given: dict[str, Any] = {"run": RUN, "requester": "anna", "now": MIDNIGHT, "lasts": timedelta(minutes=30)}
    return yes_to(of, of.by_id[step], by=by, **given | more)


def yes(of: Plan, by: str = "bo", *, key: Key | None = None, **more: Any) -> Approved:
    said = statement(of, by, **more)
    return word_of(said, signed(said, said.namespace, key or KEYS[said.signer]))


def as_if(word: Approved, of: Plan, **changed: Any) -> Approved:
    """The same word, properly signed, with something else in its statement."""
    said = statement(of, word.by).model_copy(update=changed)
    return word_of(said, signed(said, said.namespace, KEYS[said.signer]))


def test_a_signed_yes_of_somebody_who_may_counts(tmp_path: Path):
    of = plan()
    assert judge(tmp_path).why_not(yes(of), State(of, [opened(of)]), MIDNIGHT) is None


MAYBE = {
    "typed": (lambda of: Approved(at=MIDNIGHT, step="fence", by="bo", how="typed"), "here a yes is signed"),
    "another run": (lambda of: yes(of, run="2026-11-22-0300-move-x9"), "it is about run"),
    "a real run": (
        lambda of: as_if(yes(of), of, exercise=False),
        "about a real run, and this is an exercise",
    ),
    "another city": (lambda of: as_if(yes(of), of, city="elsewhere"), "it is about city elsewhere"),
    "another plan": (lambda of: as_if(yes(of), of, plan="0" * 64), "it is about plan 0000"),
    "another step": (
        lambda of: yes(of).model_copy(update={"step": "promote"}),
        "about the step fence, and this is promote",
    ),
    "other arguments": (lambda of: as_if(yes(of), of, args_digest="0" * 64), "with other arguments"),
    "other words": (lambda of: as_if(yes(of), of, does=Text(en="Make coffee")), "is not what the plan says"),
    "arguments that were not shown": (lambda of: as_if(yes(of), of, args={}), "is not what the plan says"),
    "another requester": (lambda of: yes(of, requester="erik"), "it says that erik asked for the run"),
    "another giver beside it": (
        lambda of: yes(of).model_copy(update={"by": "erik"}),
        "something else than they say",
    ),
    "a later expiry beside it": (
        lambda of: yes(of).model_copy(update={"expires": MIDNIGHT + timedelta(days=9)}),
        "something else than they say",
    ),
    "a broken glass beside it": (
        lambda of: yes(of).model_copy(update={"glass": "!"}),
        "something else than they say",
    ),
    "too long": (lambda of: yes(of, lasts=timedelta(hours=1)), "longer than the runbook lets"),
    "not yet": (lambda of: yes(of, now=MIDNIGHT + timedelta(minutes=5)), "still to come: compare the clocks"),
    "expired": (lambda of: yes(of, now=MIDNIGHT - timedelta(hours=1)), "it expired at"),
    "another's key": (lambda of: yes(of, key=KEYS["erik"]), "it is the key of erik, and not of bo"),
    "nobody's key": (lambda of: yes(of, key=ed25519_key()), "is nobody's here"),
    "no role": (lambda of: yes(of, "dora"), "dora is not incident-commander"),
    "a deputy of somebody who is there": (lambda of: yes(of, "carl"), "carl is not incident-commander"),
    "no person": (lambda of: yes(of, "zoe", key=KEYS["bo"]), "not of zoe"),
    "no statement": (
        lambda of: yes(of).model_copy(update={"signed": Signed(statement="{}", signature="x")}),
        "no yes that this version knows",
    ),
    "written another way": (
        lambda of: spaced(yes(of)),
        "no yes that this version knows",
    ),
}


def spaced(word: Approved) -> Approved:
    assert word.signed is not None
    text = word.signed.statement.replace(":", ": ", 1)
    return word.model_copy(update={"signed": word.signed.model_copy(update={"statement": text})})


@pytest.mark.parametrize("case", MAYBE)
def test_what_does_not_count_is_told_why(case: str, tmp_path: Path):
    of = plan()
    make, words = MAYBE[case]
    why = judge(tmp_path).why_not(make(of), State(of, [opened(of)]), MIDNIGHT)
    assert why is not None
    assert words in why


@given(st.data())
def test_no_character_of_what_was_signed_can_be_changed(data: st.DataObject):
    of = plan()
    word = yes(of)
    assert word.signed is not None
    text = word.signed.statement
    place = data.draw(st.integers(0, len(text) - 1))
    changed = text[:place] + data.draw(st.characters(min_codepoint=32, max_codepoint=126)) + text[place + 1 :]
    if changed != text:
        other = word.model_copy(update={"signed": word.signed.model_copy(update={"statement": changed})})
        assert judge(Path("/nowhere")).why_not(other, State(of, [opened(of)]), MIDNIGHT) is not None


def test_a_yes_counts_once_and_for_one_step(tmp_path: Path):
    of = plan()
    first = yes(of)
    state = State(of, [opened(of), first])
    again = judge(tmp_path).why_not(first, state, MIDNIGHT)
    assert again is not None
    assert "each yes opens one step once" in again


def test_two_people_have_two_keys(tmp_path: Path):
    of = plan(people=2)
    shared = parse_signers(f"bo,erik {KEYS['bo'].line}\n", "file")
    one = replace(judge(tmp_path), signers=Signers(tmp_path, shared))
    state = State(of, [opened(of), yes(of, "bo")])
    why = one.why_not(yes(of, "erik", key=KEYS["bo"]), state, MIDNIGHT)
    assert why == "bo has said yes with this very key: two people have two keys"


def test_who_asked_for_a_run_cannot_allow_its_steps_unless_the_runbook_says_so(tmp_path: Path):
    for may, counts in ((False, False), (True, True)):
        of = plan(requester_may=may)
        state = State(of, [opened(of, "bo")])
        why = judge(tmp_path).why_not(yes(of, requester="bo"), state, MIDNIGHT)
        assert (why is None) is counts
        assert counts or "its requester's own yes does not count" in (why or "")


def test_a_deputy_may_when_the_one_is_away(tmp_path: Path):
    of = plan()
    absent = city(away=({"from": "2026-11-01 00:00", "until": "2026-12-24 00:00"},))
    assert judge(tmp_path, absent).why_not(yes(of, "carl"), State(of, [opened(of)]), MIDNIGHT) is None
    assert judge(tmp_path, absent).why_not(yes(of, "dora"), State(of, [opened(of)]), MIDNIGHT) is not None


def test_a_deputy_may_when_the_one_was_asked_and_did_not_answer():
    of = plan()
    until = MIDNIGHT + timedelta(minutes=10)
    asked = Asked(
        at=MIDNIGHT, step="fence", what="approval", of="incident-commander", person="bo", until=until
    )
    one = State(of, [opened(of), asked]).steps["fence"]
    assert not may_say_yes(city(), one, "carl", until)
    assert may_say_yes(city(), one, "carl", until + timedelta(seconds=1))
    next_one = Escalated(
        at=MIDNIGHT + timedelta(minutes=1),
        step="fence",
        what="approval",
        of="operator",
        person="anna",
        before="bo",
        because="late",
        until=until,
    )
    escalated = State(of, [opened(of), asked, next_one]).steps["fence"]
    assert may_say_yes(city(), escalated, "carl", MIDNIGHT + timedelta(minutes=2))
    assert may_say_yes(city(), escalated, "anna", MIDNIGHT + timedelta(minutes=2))


def test_breaking_the_glass_opens_a_step_alone_where_the_runbook_lets_it(tmp_path: Path):
    of = plan(people=2)
    glass = yes(of, "bo", why="the hall is burning")
    assert glass.glass == "the hall is burning"
    assert judge(tmp_path).why_not(glass, State(of, [opened(of)]), MIDNIGHT) is None
    state = State(of, [opened(of), glass])
    assert state.steps["fence"].yeses_wanted == 0
    assert state.steps["promote"].yeses_wanted == 2
    mine = State(of, [opened(of, "bo")])
    assert judge(tmp_path).why_not(yes(of, "bo", requester="bo", why="alone"), mine, MIDNIGHT) is None
    never = plan(people=2, break_glass=False)
    why = judge(tmp_path).why_not(yes(never, "bo", why="!"), State(never, [opened(never)]), MIDNIGHT)
    assert why == "the runbook lets nobody break the glass for fence"


def three_places() -> list[PlaceInMemory]:
    return [PlaceInMemory(name) for name in ("north", "south", "witness")]


def folders(path: Path) -> Path:
    path.mkdir()
    return path


hears = cache(heard)
"""As `heard`, once a code: scrypt takes its time on purpose."""


@pytest.fixture(scope="module")
def printed() -> Printed:
    return make_sheet("bo", by="anna", now=MIDNIGHT, how_many=2)


class TestCodes:
    @pytest.fixture
    def sheet(self, tmp_path: Path, printed: Printed) -> Printed:
        keep_sheet(tmp_path, printed.kept)
        (tmp_path / "runs").mkdir()
        return printed

    def by_telephone(self, of: Plan, sheet: Printed, n: int = 0, by: str = "anna", **more: Any) -> Approved:
        code = hears(sheet.kept, sheet.codes[n], by)
        said = statement(of, "bo", heard_by=by, **more)
        return word_of(said, signed(said, said.namespace, KEYS[by]), code)

    def test_a_code_that_somebody_signs_for_having_heard_counts_once_in_any_run(
        self, tmp_path: Path, sheet: Printed
    ):
        of = plan()
        one, state = judge(tmp_path), State(of, [opened(of)])
        word = self.by_telephone(of, sheet)
        assert one.why_not(word, state, MIDNIGHT) is None
        assert one.take(word, state, MIDNIGHT) is None
        assert one.take(word, state, MIDNIGHT) is None  # delivered again after a power cut
        again = one.take(self.by_telephone(of, sheet, step="promote"), state, MIDNIGHT)
        assert again is not None
        assert f"this code was used before: run {RUN}, step fence" in again
        assert one.take(self.by_telephone(of, sheet, 1, step="promote"), state, MIDNIGHT) is None

    def test_a_code_does_not_count_where_the_runbook_wants_signatures(self, tmp_path: Path, sheet: Printed):
        of = plan(codes="no")
        why = judge(tmp_path).why_not(self.by_telephone(of, sheet), State(of, [opened(of)]), MIDNIGHT)
        assert why == "the runbook takes no telephone codes for fence: it wants a signature"

    def test_nobody_hears_their_own_code(self, tmp_path: Path, sheet: Printed):
        of = plan()
        why = judge(tmp_path).why_not(
            self.by_telephone(of, sheet, by="bo"), State(of, [opened(of)]), MIDNIGHT
        )
        assert why is not None
        assert "a code is typed by somebody else" in why

    def test_a_sheet_that_was_printed_anew_makes_the_old_one_worthless(self, tmp_path: Path, sheet: Printed):
        of = plan()
        keep_sheet(tmp_path, make_sheet("bo", by="anna", now=MIDNIGHT, how_many=1).kept)
        why = judge(tmp_path).why_not(self.by_telephone(of, sheet), State(of, [opened(of)]), MIDNIGHT)
        assert why == "this code is not on the sheet of bo"

    def test_a_code_of_one_person_says_nothing_for_another(self, tmp_path: Path, sheet: Printed):
        of = plan()
        said = statement(of, "erik", heard_by="anna")
        word = word_of(
            said, signed(said, said.namespace, KEYS["anna"]), hears(sheet.kept, sheet.codes[0], "anna")
        )
        why = judge(tmp_path).why_not(word, State(of, [opened(of)]), MIDNIGHT)
        assert why is not None
        assert "erik has no sheet of codes" in why

    def test_a_code_counts_once_at_every_machine_of_a_city_that_has_places(
        self, tmp_path: Path, sheet: Printed
    ):
        of, north = plan(), three_places()
        here, there = (
            replace(judge(tmp_path), places=Places(north), runs=folders(tmp_path / name)) for name in "ab"
        )
        word, state = self.by_telephone(of, sheet), State(of, [opened(of)])
        assert here.take(word, state, MIDNIGHT) is None
        assert here.take(word, state, MIDNIGHT) is None  # delivered again after a power cut
        other = opened(of).model_copy(update={"run": OTHER})
        again = self.by_telephone(of, sheet, run=OTHER)
        why = there.take(again, State(of, [other]), MIDNIGHT)
        assert why is not None
        assert f"this code was used before: run {RUN}, step fence" in why
        assert used_at(Places(north), hears(sheet.kept, sheet.codes[0], "anna")) is not None
        assert used_at(Places(north), hears(sheet.kept, sheet.codes[1], "anna")) is None
        assert all_used_at(Places(north), sheet.kept) == {1}

    @pytest.mark.parametrize("lost", ["down", "deaf"])
    def test_a_code_does_not_count_while_nobody_can_tell_whether_another_machine_used_it(
        self, tmp_path: Path, sheet: Printed, lost: str
    ):
        of, stores = plan(), three_places()
        for store in stores[1:]:
            setattr(store, lost, True)
        one = replace(judge(tmp_path), places=Places(stores))
        word, state = self.by_telephone(of, sheet), State(of, [opened(of)])
        why = one.take(word, state, MIDNIGHT)
        assert why is not None
        assert f"code 1 of the sheet {sheet.kept.sheet}: whether this code was used at another" in why
        assert "are silent. Let somebody sign" in why
        assert used_in(one.runs, hears(sheet.kept, sheet.codes[0], "anna")) is None
        with pytest.raises(PlaceSilent, match="cannot be told"):
            used_at(Places(stores), hears(sheet.kept, sheet.codes[0], "anna"))
        with pytest.raises(PlaceSilent, match="cannot be told"):
            all_used_at(Places(stores), sheet.kept)

    def test_a_code_counts_with_one_of_the_three_places_lost(self, tmp_path: Path, sheet: Printed):
        of, stores = plan(), three_places()
        stores[0].down = True
        one = replace(judge(tmp_path), places=Places(stores))
        assert one.take(self.by_telephone(of, sheet), State(of, [opened(of)]), MIDNIGHT) is None

    def test_a_code_does_not_count_where_the_places_of_a_city_are_not_asked(
        self, tmp_path: Path, sheet: Printed
    ):
        of = plan()
        placed = city().model_copy(update={"places": {"north": None, "south": None, "witness": None}})
        why = judge(tmp_path, placed).take(self.by_telephone(of, sheet), State(of, [opened(of)]), MIDNIGHT)
        assert why is not None
        assert "driven without them" in why

    def test_neither_sheet_nor_journal_holds_a_code(self, tmp_path: Path, sheet: Printed):
        word = self.by_telephone(plan(), sheet)
        letters = [one.split("-", 1)[1].replace("-", "") for one in sheet.codes]
        kept = (tmp_path / "codes" / "bo.json").read_text() + word.model_dump_json()
        assert not [one for one in letters if one in kept.replace("-", "")]


def driven(
    of: Plan, words: list[Word], *, at: Callable[[], datetime] | None = None, **more: Any
) -> tuple[Any, Any, MemoryInbox]:
    world, journal, inbox = SimulatedWorld(), MemoryJournal(), MemoryInbox(words)
    journal.append([more.pop("opened", None) or opened(of)])
    end = drive(
        of,
        journal,
        SimulatedHands(world, idle=1.0),
        world.clock,
        inbox=inbox,
        gate=more.get("gate") or judge(Path("/nowhere")),
    )
    return end, list(journal.events()), inbox


def test_a_run_goes_on_when_its_yeses_are_signed_and_what_does_not_count_is_put_aside():
    of = plan(people=2)
    typed = Approved(at=MIDNIGHT, step="fence", by="bo", how="typed")
    words: list[Word] = [
        typed,
        *(yes(of, by, step=step) for by in ("bo", "erik") for step in ("fence", "promote")),
    ]
    end, events, inbox = driven(of, words)
    assert end == Finish(Outcome.DONE)
    assert [(one.step, one.by) for one in events if isinstance(one, Approved)] == [
        ("fence", "bo"),
        ("promote", "bo"),
        ("fence", "erik"),
        ("promote", "erik"),
    ]
    assert inbox.refused == [(typed, f"it is typed, and here a yes is signed: `seawall approve {RUN} fence`")]


def test_a_run_that_nobody_signed_for_takes_one_yes_more():
    of = plan()
    assert State(of, [opened(of, request=False)]).steps["fence"].yeses_wanted == 2
    first = [yes(of, "bo", step=step) for step in ("fence", "promote")]
    end, _, _ = driven(of, list(first), opened=opened(of, request=False))
    assert isinstance(end, Ask)
    second = [yes(of, "erik", step=step) for step in ("fence", "promote")]
    end, _, _ = driven(of, [*first, *second], opened=opened(of, request=False))
    assert end == Finish(Outcome.DONE)


def test_a_request_that_another_signed_counts_as_none():
    of = plan()
    false = opened(of, "dora").model_copy(update={"by": "anna"})
    end, events, _ = driven(of, [yes(of, "bo", step=step) for step in ("fence", "promote")], opened=false)
    assert isinstance(end, Ask)
    assert [one.request_counts for one in events if isinstance(one, SignedFromHere)] == [False]


def test_typed_yeses_of_before_count_no_more_once_they_are_signed():
    of = plan()
    journal, world = MemoryJournal(), SimulatedWorld()
    typed = Approved(at=MIDNIGHT, step="fence", by="bo", how="typed")
    journal.append([opened(of).model_copy(update={"yeses": "typed", "request": None}), typed])
    end = drive(
        of,
        journal,
        SimulatedHands(world, idle=1.0),
        world.clock,
        inbox=MemoryInbox([]),
        gate=judge(Path("/nowhere")),
    )
    assert isinstance(end, Ask)
    assert not [one for one in journal.events() if isinstance(one, Started)]


def test_a_run_whose_yeses_came_to_be_signed_takes_no_typed_one_where_nobody_can_judge():
    of = plan()
    world, journal = SimulatedWorld(), MemoryJournal()
    before = opened(of).model_copy(update={"yeses": "typed", "request": None})
    journal.append([before, SignedFromHere(at=MIDNIGHT, request_counts=False)])
    typed: list[Word] = [Approved(at=MIDNIGHT, step="fence", by=by, how="typed") for by in ("bo", "erik")]
    inbox = MemoryInbox(list(typed))
    assert isinstance(drive(of, journal, SimulatedHands(world, idle=1.0), world.clock, inbox=inbox), Ask)
    assert [word for word, _ in inbox.refused] == typed


def test_a_yes_that_expired_before_its_step_began_counts_no_more_and_is_asked_for_again():
    """promote's yes lasts 2 minutes; the fence takes longer than that to be allowed."""
    of = plan(good_for=timedelta(minutes=2))
    soon: dict[str, Any] = {"lasts": timedelta(minutes=2)}
    world, journal = SimulatedWorld(), MemoryJournal()
    journal.append([opened(of)])
    later = MIDNIGHT + timedelta(minutes=5)

    def speak() -> list[Word]:
        if world.clock.now < later or len(said) > 1:
            return []
        said.append(yes(of, step="fence", now=world.clock.now, **soon))
        return [said[-1]]

    said = [yes(of, step="promote", **soon)]
    inbox = MemoryInbox(list(said), speak)
    end = drive(
        of, journal, SimulatedHands(world, idle=1.0), world.clock, inbox=inbox, gate=judge(Path("/nowhere"))
    )
    events = list(journal.events())
    assert isinstance(end, Ask)
    assert [one.step for one in events if isinstance(one, Lapsed)] == ["promote"]
    assert [one.step for one in events if isinstance(one, Started)] == ["fence"]
    assert [one.step for one in events if isinstance(one, Asked)] == ["fence", "promote"]


def test_a_host_that_cannot_check_signatures_lets_no_yes_count_where_they_are_wanted(
    monkeypatch: pytest.MonkeyPatch,
):
    of = plan()
    assert judge_without_city(opened(of).model_copy(update={"yeses": "typed"})) is None
    gate = judge_without_city(opened(of))
    assert isinstance(gate, NoTrustHere)
    end, events, inbox = driven(of, [yes(of)], gate=gate)
    assert isinstance(end, Ask)
    assert [why for _, why in inbox.refused] == [NO_TRUST]
    assert not [one for one in events if isinstance(one, Started | Resumed)]
    monkeypatch.setenv("SEAWALL_TRUST", "/nowhere")
    assert judge_without_city(None) is not None
