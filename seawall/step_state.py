"""Where one step of a run stands, as the fold knows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from seawall.errors import NoLongerHolds
from seawall.journal import (
    Acknowledged,
    Approved,
    Asked,
    ByHand,
    Escalated,
    Failed,
    Overridden,
    Retried,
    Settled,
    Skipped,
)
from seawall.plan import PlannedStep


class Stand(StrEnum):
    """Where one step stands."""

    WAITING = "waiting"
    UNDER_WAY = "under way"
    DONE = "done"
    NOT_NEEDED = "not needed"
    SKIPPED = "skipped"
    OVERRIDDEN = "overridden"
    FAILED = "failed"
    IN_DOUBT = "in doubt"
    UNDOING = "undoing"
    UNDONE = "undone"
    UNDO_FAILED = "undo failed"
    UNDO_IN_DOUBT = "undo in doubt"


STILL_ACTS = timedelta(seconds=3)
"""How long after its limit a remote command may still be ending: `timeout -k` gives it one second, then kills."""
AT_ONCE = timedelta(microseconds=1)
"""By how much a time that is up lies in the past."""
MOST_ATTEMPTS = 3
"""How often a change is begun at most. Each time it was shown not to have happened; a fourth would not either."""

OVER = frozenset({Stand.DONE, Stand.NOT_NEEDED, Stand.SKIPPED, Stand.OVERRIDDEN})
"""Stands that let the steps after this one start."""


@dataclass(slots=True)
class StepState:
    """What is known of one step.

    Attributes:
        attempts_before: how many of its attempts were made before a person had it tried again.
        begun: when the last attempt began; `started` is when the first did, `until` when the last one's limit passes.
        limit: that limit; after the run was taken up, `until` may lie later (`seawall.clocks`).
        too_early: a proof did not show the change while the attempt could still act; it is looked at again.
        orphaned: the process that began the last attempt is gone: another holds the journal now.
        asked: what people are asked now, and who: after an escalation the next in line.
        in_line: everybody who was asked this, the first first: each a role, and a name where somebody has its turn.
        taken: who has it, and since when.
        passed_on: who said last that it is not for them, until the next in line is asked.
        by_hand: it was done away from here, as a paper has it.
        yeses: the yeses that count, by who gave them; `glass` is the one that broke the glass.
        one_more: nobody signed for the run, and so it takes one yes more than the runbook says.
        said_not_to_have: a person said that it did not happen.
        reopened: the last word by which a person left it out, or had it tried again, when it had failed.
        overrides: who would go on without what it was to see, each by their newest word; it takes two.
    """

    step: PlannedStep
    stand: Stand = Stand.WAITING
    attempts: int = 0
    attempts_before: int = 0
    undo_attempts: int = 0
    started: datetime | None = None
    begun: datetime | None = None
    until: datetime | None = None
    limit: timedelta = timedelta()
    ended: datetime | None = None
    failure: Failed | None = None
    settled: Settled | None = None
    asked: Asked | None = None
    in_line: tuple[tuple[str, str | None], ...] = ()
    taken: Acknowledged | None = None
    passed_on: str | None = None
    by_hand: ByHand | None = None
    approved_by: dict[str, datetime] = field(default_factory=dict)
    yeses: dict[str, Approved] = field(default_factory=dict)
    glass: Approved | None = None
    one_more: bool = False
    refused: bool = False
    said_not_to_have: bool = False
    changed: bool = False
    too_early: bool = False
    orphaned: bool = False
    reopened: Skipped | Retried | None = None
    overrides: dict[str, Overridden] = field(default_factory=dict)
    summary: str = ""

    def may_still_come(self, look: Settled) -> bool:
        """Tell whether the attempt could still act after a look that did not show the change."""
        if look.spent and self.orphaned:
            return False
        return self.step.can_still_act or self.spent_at is None or look.looked_at < self.spent_at

    def begin_unseen(self, at: datetime, until: datetime) -> None:
        """Note that it may have been begun before `at` where nobody has a copy of it; it can act until `until`."""
        self.attempts += 1
        self.stand, self.begun, self.until, self.settled, self.asked = Stand.IN_DOUBT, at, until, None, None
        self.limit = until - at
        self.too_early, self.orphaned = False, True

    def ask(self, event: Asked) -> None:
        """Note that people are asked for the first time, or anew."""
        self.asked, self.in_line, self.passed_on = event, ((event.of, event.person),), None
        if self.taken is not None:  # who has it keeps it, also when another process took the run up
            self.take(self.taken)

    def ask_next(self, event: Escalated) -> None:
        """Note that the next in line is asked now. Who has taken it may still bring it to its end."""
        self.asked = Asked(
            at=event.at,
            step=event.step,
            what=event.what,
            of=event.of,
            person=event.person,
            until=event.until,
        )
        self.in_line = (*self.in_line, (event.of, event.person))
        self.passed_on = None

    def take(self, event: Acknowledged) -> None:
        """Note who has it: from when they were asked on, they have as long as the whole may take."""
        self.taken = event
        if self.asked is not None:
            until = max(self.asked.until, self.asked.at + self.time_for_people)
            self.asked = self.asked.model_copy(update={"until": until})

    def pass_on(self, by: str, at: datetime) -> None:
        """Note that it is not for whoever was asked: the next in line is asked at once."""
        self.taken, self.passed_on = None, by
        if self.asked is not None:
            self.asked = self.asked.model_copy(update={"until": min(self.asked.until, at - AT_ONCE)})

    @property
    def time_for_people(self) -> timedelta:
        """How long a person has for it: to do it, or to say yes."""
        return self.step.approve.within if self.step.approve is not None else self.step.within

    def may_have_acted(self, at: datetime) -> bool:
        """Tell whether what was begun of its change may be in the world, or come into it after `at`.

        A call that says it did nothing is believed, and so are a proof and a person who say that it did not happen;
        the person only when the attempt was spent by then, for nobody can see what is still to come.
        """
        if not self.step.changes or self.step.by is not None or not self.attempts:
            return False
        if self.settled is not None and self.settled.happened is False:
            return False
        if self.said_not_to_have:
            return self.spent_at is not None and at < self.spent_at and not self.step.can_still_act
        return self.failure is None or self.failure.acted is not False

    def begin_again(self) -> None:
        """Have its turn anew: what was said of it counts no more, and a yes opens nothing twice."""
        self.stand, self.ended, self.refused, self.failure, self.settled = (
            Stand.WAITING,
            None,
            False,
            None,
            None,
        )
        self.asked, self.taken, self.said_not_to_have, self.too_early = None, None, False, False
        self.attempts_before = self.attempts
        self.approved_by.clear()
        self.overrides.clear()

    @property
    def may_try_again(self) -> bool:
        """Whether a change that was shown not to have happened is begun once more by rule."""
        return self.attempts - self.attempts_before < MOST_ATTEMPTS

    @property
    def no_longer_holds(self) -> bool:
        """Whether it was not begun because what the plan rests on was not so any more."""
        return self.failure is not None and self.failure.error == NoLongerHolds.__name__

    def say_yes(self, event: Approved) -> None:
        """Note a yes that counts."""
        self.approved_by[event.by], self.yeses[event.by] = event.at, event
        self.glass = event if event.glass else self.glass

    def take_yes_back(self, by: str) -> None:
        """Note that a yes counts no more: who may is asked anew."""
        self.approved_by.pop(by, None)
        self.yeses.pop(by, None)
        self.glass = None if self.glass is not None and self.glass.by == by else self.glass
        self.asked = None

    def expire_sooner(self, by: timedelta) -> None:
        """Let the yeses that can expire do so sooner: the clock they are compared with from now on is behind."""
        for name, yes in self.yeses.items():
            if yes.expires is not None:
                self.yeses[name] = yes.model_copy(update={"expires": yes.expires - by})

    @property
    def yeses_wanted(self) -> int:
        """How many more people must say yes before it may start."""
        if self.step.approve is None or self.glass is not None:
            return 0
        return max(0, self.step.approve.people + self.one_more - len(self.approved_by))

    @property
    def spent_at(self) -> datetime | None:
        """When the last attempt can no longer act by itself."""
        return None if self.until is None else self.until + STILL_ACTS
