"""Whoever is asked next, because nobody answered, is written to over every channel the inventory has for them.

Asking is no step of a plan: nothing rests on such a letter, and a second one after a crash harms nobody. What the relay
or Slack said of it is journalled; no address is. Telephones are for people to ring.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, Self
from zoneinfo import ZoneInfo

from seawall.actions import Deadline, Occasion, World
from seawall.errors import CallError, MayHaveActed, Unreachable
from seawall.escalating import line_of
from seawall.inventory import Inventory
from seawall.journal import Approved, Escalated, Event, Notified, Word
from seawall.messages import Letter
from seawall.people import Person
from seawall.state import State

if TYPE_CHECKING:
    from connectors.mail import Mail
    from connectors.slack import Slack

LIMIT = timedelta(seconds=30)
"""How long one letter may take to be taken."""
LONGEST = 400
"""Characters of a relay's words that are journalled."""
CameTo = Literal["accepted", "refused", "unreachable", "in doubt", "no channel"]


@dataclass(frozen=True, slots=True)
class Senders:
    """What letters to single people leave by; None where this world has no such thing."""

    mail: Mail | None
    slack: Slack | None

    @classmethod
    def of(cls, world: World) -> Self:
        """Take them from the world: those that runbooks use, with the same relay and the same credentials."""
        from connectors.mail import Mail
        from connectors.slack import Slack
        from connectors.world import RealWorld

        if isinstance(world, RealWorld):
            return cls(world.mail, world.slack)
        mail = next((one for one in world.connectors if isinstance(one, Mail)), None)
        return cls(mail, next((one for one in world.connectors if isinstance(one, Slack)), None))


class Calling:
    """Knows who has the turn in a role, and writes to those who are asked next. See `seawall.carrying.Turns`."""

    def __init__(self, inventory: Inventory, world: World, clock: Callable[[], datetime]) -> None:
        self._city, self._world, self._clock = inventory, world, clock
        self._line = line_of(inventory)
        self._heard: deque[Notified] = deque()
        self._given = 0

    def line(self, role: str, at: datetime) -> tuple[str, ...]:
        """Return the names of those who have the turn in a role, and who stand in."""
        return self._line(role, at)

    def saw(self, event: Event, state: State) -> None:
        """Write to whoever is asked next, and when the glass is broken; in a thread: nothing waits for a relay."""
        if isinstance(event, Escalated):
            threading.Thread(target=self._tell, args=(event, state), name="calling", daemon=True).start()
        elif isinstance(event, Approved) and event.glass:
            threading.Thread(target=self._shout, args=(event, state), name="shouting", daemon=True).start()

    def take(self) -> Sequence[Word]:
        """Return what came of it. As from a file, what was returned before is put away now."""
        for _ in range(self._given):
            self._heard.popleft()
        found = tuple(self._heard)
        self._given = len(found)
        return found

    def _tell(self, event: Escalated, state: State) -> None:
        names = [event.person] if event.person else list(self._city.with_role(event.of))
        for name in names:
            if name in self._city.people:
                self._heard.extend(self._notified(event, state, name, self._city.people[name]))

    def _shout(self, event: Approved, state: State) -> None:
        """Write to those who answer for the city's readiness that somebody broke the glass."""
        from seawall.glass_letter import REVIEWER, glass_letter

        step = state.steps[event.step].step
        others = self._city.with_role(step.approve.by) if step.approve is not None else {}
        for name, person in (self._city.with_role(REVIEWER) or others).items():
            if name == event.by:
                continue
            words = glass_letter(
                by=event.by,
                why=event.glass,
                run=state.opened.run if state.opened else "no-run",
                step=event.step,
                does=step.does,
                title=state.plan.title,
                exercise=state.plan.exercise,
                language=person.language,
            )
            self._heard.extend(self._written(event.step, "glass", state, name, words))

    def _notified(self, event: Escalated, state: State, name: str, person: Person) -> Iterator[Notified]:
        from seawall.asking_letter import (
            asking_letter,
        )  # with the first letter: most runs ask nobody a second time

        run = state.opened.run if state.opened else "no-run"
        step = state.steps[event.step].step
        words = asking_letter(
            whom=name,
            what=event.what,
            because=event.because,
            before=event.before,
            until=event.until,
            run=run,
            step=event.step,
            does=step.does,
            title=state.plan.title,
            exercise=state.plan.exercise,
            zone=ZoneInfo(self._city.city.timezone),
            language=person.language,
            signed=state.yeses.signed,
        )
        yield from self._written(event.step, "asked", state, name, words)

    def _written(self, step: str, about: str, state: State, name: str, words: Letter) -> Iterator[Notified]:
        """Write to a person over every channel there is, and yield what came of each."""
        senders, person = Senders.of(self._world), self._city.people[name]
        ways = (
            ("email", person.email, senders.mail),
            ("slack", person.slack, senders.slack),
        )
        there = [way for way in ways if way[1] is not None and way[2] is not None]
        if not there:
            yield Notified(at=self._clock(), step=step, person=name, channel="none", came_to="no channel")
        run = state.opened.run if state.opened else "no-run"

        def write(channel: str, address: str | None, sender: Mail | Slack | None) -> Notified:
            assert address is not None
            assert sender is not None
            occasion = Occasion(
                Deadline.within(LIMIT), run, f"{step}/{about}/{channel}", exercise=state.plan.exercise
            )
            came_to, problem = self._sent(sender, name, address, words, occasion)
            return Notified(
                at=self._clock(),
                step=step,
                person=name,
                channel="email" if channel == "email" else "slack",
                came_to=came_to,
                problem=problem[:LONGEST],
            )

        # Side by side: a relay that hangs must not keep Slack waiting.
        with ThreadPoolExecutor(max_workers=len(ways)) as side_by_side:
            for done in as_completed([side_by_side.submit(write, *way) for way in there]):
                yield done.result()

    def _sent(
        self, sender: Mail | Slack, name: str, address: str, words: Letter, occasion: Occasion
    ) -> tuple[CameTo, str]:
        vault = self._world.vault
        try:
            sender.try_to_reach(name, address, words, occasion)
        except Unreachable as error:
            came_to: CameTo = "unreachable"
            problem = error.problem
        except MayHaveActed as error:
            came_to, problem = "in doubt", error.problem
        except CallError as error:
            came_to, problem = "refused", error.problem
        else:
            return "accepted", ""
        problem = problem.replace(address, name)
        return came_to, problem if vault is None else vault.redact(problem)
