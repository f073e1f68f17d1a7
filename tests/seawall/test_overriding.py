"""An override: two different people who say what they expect to lose; only where the runbook lets them, and in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from seawall.actions import Effect
from seawall.decide import Finish
from seawall.drive import drive
from seawall.evidence import GOOD_FOR, Fenced, Override
from seawall.hands import ThreadHands
from seawall.journal import Ended, Opened, Outcome, Overridden, Retried, read_lines
from seawall.model import Text
from seawall.plan import Overriding, PlannedStep
from seawall.report.making import make_report
from seawall.report.signing import glass_lines
from seawall.report.telling import told
from seawall.state import State
from seawall.step_state import Stand
from tests.connectors.pairs import PairInMemory
from tests.fakes import MemoryInbox, MemoryJournal
from tests.seawall.plans import a_plan

TWO = Overriding(by="incident-commander", people=2)


class Story:
    """A primary that is lost with its power controller, and a plan to move away from it all the same."""

    def __init__(self, override: Overriding | None = TWO) -> None:
        self.pair = PairInMemory()
        self.pair.lose(self.pair.north)
        self.pair.lose_controller()
        self.plan = a_plan(self._fence(override), self._promote())
        self.journal, self.inbox = MemoryJournal(), MemoryInbox()
        opened = Opened(
            at=self.pair.now,
            run="run-1",
            plan=self.plan.digest,
            runbook="move",
            title=self.plan.title,
            exercise=True,
            by="anna",
            version="0",
        )
        self.journal.append([opened])

    def drive(self) -> Finish:
        hands = ThreadHands(self.pair.world, lambda: self.pair.now)
        end = drive(self.plan, self.journal, hands, lambda: self.pair.now, inbox=self.inbox)
        assert isinstance(end, Finish)
        return end

    def say(self, by: str, writes: int = 10, seconds: float = 2.5, *, at: datetime | None = None) -> None:
        self.inbox.put(
            Overridden(
                at=at or self.pair.now,
                step="fence",
                by=by,
                lost_writes=writes,
                lost_seconds=seconds,
                why=f"{by} was told that the hall is under water",
            )
        )

    @property
    def state(self) -> State:
        return State(self.plan, self.journal.events())

    @property
    def promoted(self) -> bool:
        return not self.pair._one(self.pair.south).in_recovery

    def _fence(self, override: Overriding | None) -> PlannedStep:
        return PlannedStep(
            id="fence",
            does=Text(en="Fence it"),
            uses="postgres.fence",
            effect=Effect.CHANGES,
            args={"server": self.pair.north.model_dump(mode="json"), "by": ["stopped", "powered-off"]},
            within=timedelta(seconds=5),
            no_way_back=Text(en="none"),
            override=override,
        )

    def _promote(self) -> PlannedStep:
        return PlannedStep(
            id="promote",
            does=Text(en="Promote the other"),
            uses="postgres.promote",
            effect=Effect.CHANGES,
            args={
                "server": self.pair.south.model_dump(mode="json"),
                "old": self.pair.north.model_dump(mode="json"),
                "evidence": {"from": "fence"},
            },
            after=("fence",),
            within=timedelta(seconds=5),
            no_way_back=Text(en="none"),
        )


@pytest.fixture
def story():
    story = Story()
    assert story.drive().outcome is Outcome.FAILED
    return story


def test_two_people_open_a_promotion_and_what_they_expect_is_kept(story):
    story.say("anna", writes=10, seconds=2.5)
    story.say("bo", writes=40, seconds=1)
    assert story.drive() == Finish(Outcome.DONE)
    assert story.promoted
    evidence = Fenced.model_validate(story.state.seen["fence"]).evidence
    assert isinstance(evidence, Override)
    assert (evidence.by, evidence.lost_writes, evidence.lost_seconds) == (("anna", "bo"), 40, 2.5)
    assert len(evidence.why) == 2
    assert story.state.steps["fence"].stand is Stand.OVERRIDDEN


def test_one_person_alone_opens_nothing_and_the_run_has_ended_again(story):
    story.say("anna")
    assert story.drive().outcome is Outcome.FAILED
    assert not story.promoted
    assert isinstance(list(story.journal.events())[-1], Ended)
    story.say("bo")
    assert story.drive() == Finish(Outcome.DONE)
    assert story.promoted


def test_one_person_who_says_it_twice_is_still_one(story):
    story.say("anna")
    story.say("anna", writes=99)
    assert story.drive().outcome is Outcome.FAILED
    assert not story.promoted


def test_what_was_said_long_ago_does_not_count_with_what_is_said_now(story):
    story.say("anna")
    story.drive()
    story.pair.now += GOOD_FOR + timedelta(seconds=1)
    story.say("bo")
    assert story.drive().outcome is Outcome.FAILED
    assert not story.promoted


def test_what_was_said_before_it_was_tried_again_does_not_count_afterwards(story):
    story.say("anna")
    story.inbox.put(Retried(at=story.pair.now, step="fence", by="anna", why="the network is back"))
    assert story.drive().outcome is Outcome.FAILED
    story.say("bo")
    assert story.drive().outcome is Outcome.FAILED
    assert not story.promoted


def test_nobody_overrides_where_the_runbook_does_not_let_them():
    story = Story(override=None)
    story.drive()
    story.say("anna")
    story.say("bo")
    assert story.drive().outcome is Outcome.FAILED
    assert not story.promoted


def test_nobody_overrides_a_step_that_did_not_fail():
    story = Story()
    story.say("anna")
    story.say("bo")
    assert story.drive().outcome is Outcome.FAILED
    assert story.state.steps["fence"].stand is Stand.FAILED


def test_three_are_wanted_where_the_runbook_wants_three():
    story = Story(Overriding(by="incident-commander", people=3))
    story.drive()
    story.say("anna")
    story.say("bo")
    assert story.drive().outcome is Outcome.FAILED
    story.say("carl")
    assert story.drive() == Finish(Outcome.DONE)


def test_an_override_about_another_server_opens_nothing(story):
    evidence = Override(by=("anna", "bo"), lost_writes=1, lost_seconds=1, why=("a", "b"))
    fenced = Fenced(
        server="east-db/login",
        host="east-db",
        system_identifier=story.pair.north.system_identifier,
        at=story.pair.now,
        evidence=evidence,
    )
    from seawall.errors import DidNothing

    with pytest.raises(DidNothing, match="its server is east-db/login"):
        story.pair.perform("postgres.promote", server=story.pair.south, old=story.pair.north, evidence=fenced)


@pytest.mark.parametrize("by", [("anna",), ("anna", "anna"), ()])
def test_an_override_by_fewer_than_two_people_cannot_even_be_written(by):
    with pytest.raises(ValidationError):
        Override(by=by, lost_writes=1, lost_seconds=1, why=())


@pytest.mark.parametrize(("writes", "seconds"), [(-1, 0), (0, -1), (0, float("inf")), (0, float("nan"))])
def test_an_expected_loss_is_a_number_of_writes_and_seconds(story, writes, seconds):
    with pytest.raises(ValidationError):
        story.say("anna", writes=writes, seconds=seconds)


def test_it_is_told_loudly_in_both_languages(story):
    story.say("anna", writes=10, seconds=2.5)
    story.say("bo")
    story.drive()
    said = [told(one, story.plan) for one in story.journal.events() if isinstance(one, Overridden)]
    assert said[0].en.startswith(
        "fence: OVERRIDE by anna, without evidence; expects to lose 10 writes, 2.5 s"
    )
    assert (
        said[0].in_("da").startswith("fence: TILSIDESAT af anna, uden bevis; venter at miste 10 skrivninger")
    )


def test_the_report_says_it_first_in_both_languages(story):
    story.say("anna", writes=10, seconds=2.5)
    story.say("bo")
    story.drive()
    lines = read_lines(story.journal._disk.content, "journal")[0]
    report = make_report(story.plan, lines, run="run-1", made_at=story.pair.now, version="0")
    assert report.verdict.en.startswith("Done WITHOUT EVIDENCE")
    (said,), (sagt,) = (list(glass_lines(report, language, UTC)) for language in ("en", "da"))
    assert said.startswith(
        "WITHOUT EVIDENCE that north-db/login cannot accept writes (fence): overridden by anna and bo"
    )
    assert "expect to lose 10 writes, 2.5 s of them" in said
    assert sagt.startswith(
        "UDEN BEVIS for, at north-db/login ikke kan tage imod (fence): tilsidesat af anna og bo"
    )
