"""One call: whether it is needed, trying until it holds, what was expected, and what cannot be told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from seawall.actions import Action, Deadline, Effect, Occasion, Proof, Seen, World
from seawall.attempt import LOOK_WITHIN, CallToMake, Ending, attempt, limit_of
from seawall.decide import StepCall, Way
from seawall.errors import DidNothing, MayHaveActed, SeawallError, Unreachable
from seawall.hands import ending_of
from seawall.journal import Failed, NotNeeded, Settled, Succeeded
from seawall.model import Frozen, Text
from seawall.plan import PlannedCheck, PlannedStep, PlannedUndo
from seawall.predicates import read_predicates
from tests.fakes import MIDNIGHT

ERROR: Any = {"where": "north-db", "remedy": "Look"}


class Args(Frozen):
    server: str = "north"
    evidence: dict[str, Any] | None = None


class Lag(Seen):
    in_recovery: bool | None = True
    missing: int | None = 0


class Fenced(Seen):
    server: str


class IsFenced(Proof):
    def stand_in(self) -> Seen:
        return Fenced(server="north")


class Scripted:
    """A connector that says, call after call, what it was told to; the last for ever."""

    def __init__(self, *says: Seen | SeawallError) -> None:
        self.says = list(says)
        self.asked: list[tuple[Args, Occasion]] = []

    def actions(self) -> Sequence[Action[Any, Any]]:
        kinds = (
            (Effect.READS, "look", Lag),
            (Effect.CHANGES, "change", Lag),
            (Effect.READS, "proof", IsFenced),
        )
        return [Action(f"x.{name}", effect, Args, seen, self.call, name) for effect, name, seen in kinds]

    def call(self, args: Args, occasion: Occasion) -> Seen:
        self.asked.append((args, occasion))
        says = self.says.pop(0) if len(self.says) > 1 else self.says[0]
        if isinstance(says, SeawallError):
            raise says
        return says

    def close(self) -> None: ...


def a_step(
    effect: Effect = Effect.READS, *, expect: dict[str, Any] | None = None, **more: Any
) -> PlannedStep:
    return PlannedStep(
        id="step",
        does=Text(en="Do"),
        uses="x.look" if effect is Effect.READS else "x.change",
        effect=effect,
        within=more.pop("within", timedelta(seconds=5)),
        expect=read_predicates(expect or {}, Lag),
        **more,
    )


def make(step: PlannedStep, *says: Seen | SeawallError, way: Way = Way.ACT, seen: Any = None) -> Ending:
    making = CallToMake(
        StepCall(step, way, 1, undoing=way is Way.UNDO), "run", exercise=True, seen=seen or {}
    )
    return attempt(making, World(Scripted(*says)), lambda: MIDNIGHT)


def check(uses: str, kind: type[Seen], **expect: Any) -> PlannedCheck:
    return PlannedCheck(uses=uses, args={}, expect=read_predicates(expect, kind))


class TestExpect:
    def test_what_is_as_expected_succeeds_with_what_was_seen(self):
        ending = make(
            a_step(expect={"in_recovery": True, "missing_at_most": "16 MB"}), Lag(missing=16_000_000)
        )
        assert isinstance(ending, Succeeded)
        assert ending.seen == {"in_recovery": True, "missing": 16_000_000}

    def test_what_is_not_fails_and_says_both(self):
        ending = make(a_step(expect={"missing_at_most": "16 MB"}), Lag(missing=16_000_001))
        assert isinstance(ending, Failed)
        assert ending.problem == "expected missing at most 16 MB, saw 16000001"

    def test_unknown_is_not_ok(self):
        ending = make(a_step(expect={"missing_at_most": "16 MB"}), Lag(missing=None))
        assert isinstance(ending, Failed)
        assert ending.problem == "expected missing at most 16 MB, and it is unknown"

    def test_unless_the_runbook_says_that_unknown_goes_on(self):
        ending = make(a_step(expect={"missing_at_most": "16 MB"}, unknown="goes-on"), Lag(missing=None))
        assert isinstance(ending, Succeeded)

    def test_unknown_goes_on_does_not_let_the_wrong_go_on(self):
        ending = make(
            a_step(expect={"in_recovery": True}, unknown="goes-on"), Lag(in_recovery=False, missing=None)
        )
        assert isinstance(ending, Failed)

    @pytest.mark.parametrize(("effect", "acted"), [(Effect.READS, False), (Effect.CHANGES, True)])
    def test_a_change_that_is_not_as_expected_was_made_all_the_same(self, effect, acted):
        ending = make(a_step(effect, expect={"in_recovery": False}), Lag())
        assert isinstance(ending, Failed)
        assert ending.acted is acted


class TestUntil:
    until = read_predicates({"missing_at_most": 0}, Lag)

    def test_it_looks_again_until_it_holds(self):
        ending = make(a_step(until=self.until), Lag(missing=2), Lag(missing=None), Lag(missing=0))
        assert isinstance(ending, Succeeded)

    @pytest.mark.parametrize("kind", [DidNothing, Unreachable, MayHaveActed])
    def test_not_being_able_to_look_is_no_reason_to_give_up(self, kind):
        ending = make(a_step(until=self.until), kind("not yet", **ERROR), Lag(missing=0))
        assert isinstance(ending, Succeeded)

    def test_it_ends_at_its_limit_and_says_what_it_last_saw(self):
        ending = make(a_step(until=self.until, within=timedelta(milliseconds=30)), Lag(missing=2))
        assert isinstance(ending, Failed)
        assert "missing 2" in ending.problem
        assert ending.acted is False

    def test_without_until_the_first_error_is_the_ending(self):
        ending = make(a_step(), DidNothing("no", **ERROR), Lag())
        assert isinstance(ending, Failed)

    def test_no_plan_repeats_a_change(self):
        with pytest.raises(ValueError, match="would repeat it"):
            a_step(Effect.CHANGES, until=self.until)


class TestUnless:
    def test_what_is_so_is_not_done_and_its_stand_in_is_handed_on(self):
        step = a_step(Effect.CHANGES, unless=check("x.proof", IsFenced, holds=True))
        ending = make(step, IsFenced(holds=True, because="it is off"))
        assert isinstance(ending, NotNeeded)
        assert (ending.because, ending.seen) == ("it is off", {"server": "north"})

    @pytest.mark.parametrize("holds", [False, None])
    def test_what_is_not_so_or_not_known_is_done(self, holds):
        step = a_step(Effect.CHANGES, unless=check("x.proof", IsFenced, holds=True))
        assert isinstance(make(step, IsFenced(holds=holds, because=""), Lag()), Succeeded)

    def test_a_check_that_asks_for_nothing_shows_nothing(self):
        step = a_step(Effect.CHANGES, unless=PlannedCheck(uses="x.look", args={}, expect=()))
        assert isinstance(make(step, Lag()), Succeeded)

    def test_not_seeing_the_end_of_a_look_leaves_no_doubt_about_the_change(self):
        step = a_step(Effect.CHANGES, unless=check("x.proof", IsFenced, holds=True))
        ending = make(step, MayHaveActed("no answer", **ERROR))
        assert isinstance(ending, Failed)
        assert ending.acted is False


class TestActed:
    @pytest.mark.parametrize(
        ("effect", "kind", "acted"),
        [
            (Effect.READS, MayHaveActed, False),
            (Effect.READS, DidNothing, False),
            (Effect.CHANGES, DidNothing, False),
            (Effect.CHANGES, Unreachable, False),
            (Effect.CHANGES, MayHaveActed, None),
        ],
    )
    def test_an_error_says_what_became_of_the_world(self, effect, kind, acted):
        ending = make(a_step(effect), kind("no", **ERROR))
        assert isinstance(ending, Failed)
        assert (ending.acted, ending.error, ending.where) == (acted, kind.__name__, "north-db")

    @pytest.mark.parametrize(("kind", "acted"), [(DidNothing, False), (MayHaveActed, None)])
    def test_so_does_that_of_an_undo(self, kind, acted):
        step = a_step(Effect.CHANGES, undo=PlannedUndo(uses="x.change", args={}))
        ending = make(step, kind("no", **ERROR), way=Way.UNDO)
        assert isinstance(ending, Failed)
        assert (ending.acted, ending.undoing) == (acted, True)

    def test_a_bug_in_a_connector_leaves_doubt_about_a_change(self):
        class Broken(Scripted):
            def call(self, args: Args, occasion: Occasion) -> Seen:
                raise ZeroDivisionError

        making = CallToMake(StepCall(a_step(Effect.CHANGES), Way.ACT, 1), "run", exercise=True, seen={})
        ending = ending_of(making, World(Broken()), lambda: MIDNIGHT)
        assert isinstance(ending, Failed)
        assert ending.acted is None
        assert "ZeroDivisionError" in ending.problem

    @pytest.mark.parametrize("way", [Way.ACT, Way.UNDO])
    def test_what_was_begun_and_held_up_past_its_limit_does_nothing_when_it_goes_on(self, way):
        step = a_step(Effect.CHANGES, undo=PlannedUndo(uses="x.act", args={}))
        call = StepCall(step, way, 1, undoing=way is Way.UNDO)
        over = Deadline(at=10.0, clock=lambda: 10.0)
        making = CallToMake(call, "run", exercise=True, seen={}, by=over)
        ending = attempt(making, World(Scripted(Lag())), lambda: MIDNIGHT)
        assert isinstance(ending, Failed)
        assert (ending.acted, ending.error) == (False, "DidNothing")


class TestProof:
    step = a_step(Effect.CHANGES, proof=check("x.proof", IsFenced, holds=True))

    @pytest.mark.parametrize("holds", [True, False, None])
    def test_it_says_whether_it_happened_or_that_it_cannot_tell(self, holds):
        ending = make(self.step, IsFenced(holds=holds, because="so"), way=Way.PROVE)
        assert isinstance(ending, Settled)
        assert ending.happened is holds
        assert ending.seen == ({"server": "north"} if holds else None)

    @pytest.mark.parametrize("kind", [DidNothing, Unreachable, MayHaveActed])
    def test_one_that_cannot_be_looked_at_cannot_tell(self, kind):
        ending = make(self.step, kind("no way in", **ERROR), way=Way.PROVE)
        assert isinstance(ending, Settled)
        assert ending.happened is None
        assert "no way in" in ending.because

    def test_one_that_asks_for_nothing_cannot_tell(self):
        step = a_step(Effect.CHANGES, proof=PlannedCheck(uses="x.look", args={}, expect=()))
        ending = make(step, Lag(), way=Way.PROVE)
        assert isinstance(ending, Settled)
        assert ending.happened is None

    def test_looking_has_a_limit_of_its_own(self):
        step = a_step(Effect.CHANGES, within=timedelta(hours=4), proof=self.step.proof)
        assert limit_of(StepCall(step, Way.PROVE, 1)) == LOOK_WITHIN
        assert limit_of(StepCall(step, Way.ACT, 1)) == timedelta(hours=4)
        assert limit_of(StepCall(self.step, Way.PROVE, 1)) == timedelta(seconds=5)


class TestReferences:
    step = a_step(args={"evidence": {"from": "fence"}})

    def test_what_an_earlier_step_saw_is_handed_on(self):
        connector = Scripted(Lag())
        making = CallToMake(
            StepCall(self.step, Way.ACT, 1), "run", exercise=False, seen={"fence": {"is": "off"}}
        )
        attempt(making, World(connector), lambda: MIDNIGHT)
        (args, occasion), *_ = connector.asked
        assert args.evidence == {"is": "off"}
        assert (occasion.run, occasion.step, occasion.exercise) == ("run", "step", False)

    def test_what_is_not_known_is_not_made_up(self):
        ending = make(self.step, Lag())
        assert isinstance(ending, Failed)
        assert ending.problem == (
            "nothing is known of what fence saw, which this step needs: it was skipped, or a person answered for it"
        )
        assert ending.acted is False


def test_the_deadline_of_a_call_is_its_steps():
    connector = Scripted(Lag())

    making = CallToMake(
        StepCall(a_step(within=timedelta(seconds=7)), Way.ACT, 1), "run", exercise=True, seen={}
    )
    attempt(making, World(connector), lambda: MIDNIGHT)
    assert 0 < connector.asked[0][1].deadline.left <= 7
