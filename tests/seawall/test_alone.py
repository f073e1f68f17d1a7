"""With one place left a run goes on by two people's word: signed by each where yeses are signed, else their names."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from connectors.memory.places import PlaceInMemory
from seawall.alone import keep_alone, signed_alone
from seawall.carrying import carry_out, held
from seawall.decide import Finish
from seawall.driving import AtPlaces
from seawall.errors import BadInput
from seawall.journal import Outcome, WentAlone
from seawall.journal_file import read_journal
from seawall.judging import Judge
from seawall.places import Places
from seawall.run_folder import RunFolder, create_run
from seawall.signed import Signed
from seawall.signed_words import alone_of
from seawall.statements import signed
from tests.fakes import MIDNIGHT, SimulatedHands, SimulatedWorld
from tests.seawall.plans import a_change, a_plan
from tests.seawall.test_judging import KEYS, judge

PLAN = a_plan(a_change("fence"))
TWO = ("bo", "erik")


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return create_run(tmp_path / "runs", PLAN, by="anna", version="0", now=MIDNIGHT)


@pytest.fixture
def here(tmp_path: Path) -> Judge:
    return judge(tmp_path)


def silent_places(*signatures: Signed) -> AtPlaces:
    stores = [PlaceInMemory(name, down=name != "north") for name in ("north", "south", "witness")]
    return AtPlaces(Places(stores, within=timedelta(seconds=1)), alone=TWO, signatures=signatures)


def words_of(run: RunFolder, person: str) -> Signed:
    statement = alone_of(PLAN, run=run.id, by=person, why="rang them", now=MIDNIGHT)
    return signed(statement, "seawall-only-one-place", KEYS[person])


def carry(run: RunFolder, at: AtPlaces, gate: Judge | None) -> object:
    world = SimulatedWorld()
    return carry_out(run, SimulatedHands(world), world.clock, gate=gate, at=at, by="bo")


def test_two_who_signed_let_a_run_go_on_and_both_signatures_are_in_its_journal(run: RunFolder, here: Judge):
    both = tuple(words_of(run, one) for one in TWO)
    assert carry(run, silent_places(*both), here) == Finish(Outcome.DONE)
    (said,) = [one for one in read_journal(run.journal_path) if isinstance(one, WentAlone)]
    assert (said.by, said.signatures) == (TWO, both)


def test_two_who_are_only_named_begin_nothing_where_yeses_are_signed(run: RunFolder, here: Judge):
    before = run.journal_path.read_bytes()
    for at in (silent_places(), silent_places(words_of(run, "bo"))):
        with pytest.raises(BadInput, match="here each signs") as refused:
            carry(run, at, here)
        assert f"seawall approve {run.id} --only-one-place" in refused.value.remedy
        assert f"seawall resume {run.id} --only-one-place bo erik" in refused.value.remedy
        with pytest.raises(BadInput, match="here each signs"), held(run, lambda: MIDNIGHT, "bo", at, here):
            pass
    assert run.journal_path.read_bytes() == before


def test_what_they_signed_lets_the_run_go_on_once(run: RunFolder, here: Judge):
    at = silent_places(*(words_of(run, one) for one in TWO))
    run.journal("bo").append([WentAlone(at=MIDNIGHT, by=TWO, silent=(), signatures=at.signatures)])
    with pytest.raises(BadInput, match="each counts once"):
        carry(run, at, here)


def test_a_host_that_cannot_check_what_they_signed_begins_nothing_of_a_run_of_signed_yeses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SEAWALL_TRUST", str(tmp_path / "gone"))
    run = create_run(tmp_path / "runs", PLAN, by="anna", version="0", now=MIDNIGHT)
    with pytest.raises(BadInput, match="no trust root"):
        carry(run, silent_places(*(words_of(run, one) for one in TWO)), None)


def test_where_yeses_are_typed_two_names_are_enough(run: RunFolder):
    assert carry(run, silent_places(), None) == Finish(Outcome.DONE)
    (said,) = [one for one in read_journal(run.journal_path) if isinstance(one, WentAlone)]
    assert said.signatures == ()


def test_what_a_person_signed_lies_beside_the_journal_and_what_is_none_is_left(run: RunFolder):
    assert signed_alone(run, "bo") is None
    keep_alone(run, "bo", words_of(run, "bo"))
    assert signed_alone(run, "bo") is not None
    (run.path / "alone" / "bo.json").write_text("no")
    assert signed_alone(run, "bo") is None
