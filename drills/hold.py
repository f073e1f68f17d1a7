"""Holds a drill: users write, something breaks, somebody responds, and it is measured from outside and judged.

Whatever happens, Ctrl-C too, the users stop, what was broken is whole again, and a scorecard says how far it came.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from drills.count import count_lost, served_since, silences, total
from drills.judge import still_open
from drills.ledger import Tried
from drills.measured import Held, scorecard_of
from drills.outside import Clock, Ledger, Outside, Respond, Responded, SteadyClock, Watch, Watcher
from drills.primaries import doubles
from drills.scenario import Heal, RunAfterwards, Scenario
from drills.scenario import Respond as Asked
from drills.scorecard import Moment, RunHeld, Scorecard
from drills.wording import breaks, ended, responds
from drills.written import write_scenario, write_scorecard
from seawall.errors import SeawallError
from seawall.files import make_folder
from seawall.inventory import Inventory
from seawall.journal import Outcome
from seawall.model import Text

STEADY = 20
"""So many acknowledged writes show that the service is well before anything is broken."""
STEADY_WITHIN = timedelta(seconds=30)
LEAD = timedelta(seconds=3)
"""How long users write before a response that nothing broke for is declared, unless the scenario says."""
LATE_AT_MOST = timedelta(seconds=60)
"""How long past its limit an expectation is still waited for, so that late can be told from never."""
HOME_WITHIN = timedelta(seconds=30)
POLL = timedelta(milliseconds=50)
LOOK_AGAIN = timedelta(milliseconds=200)
"""Between two judgements of what is still expected; nothing that is measured waits for it."""

NOT_HOME = Text(
    en="Things were not brought home: do what the scenario lists under `afterwards`, or bring the lab up anew",
    da="Alt er ikke bragt hjem: gør det, der står under `afterwards` i scenariet, eller start laboratoriet forfra",
)

Show = Callable[[Moment], None]
"""Somebody who wants to see what happens while it happens."""
Foresee = Callable[[str, Mapping[str, str]], None]
"""Is told which runbook may be asked for soon, and with what, when the probe has missed once. Returns at once."""


def hold_drill(
    scenario: Scenario,
    city: Inventory,
    outside: Outside,
    respond: Respond,
    folder: Path,
    *,
    clock: Clock | None = None,
    foresee: Foresee | None = None,
    show: Show = lambda _: None,
) -> Scorecard:
    """Hold one drill to its end and judge it.

    Args:
        scenario: what happens, who responds, and what must hold.
        city: the inventory; the place must be running it.
        outside: the place.
        respond: carries the runbooks out.
        folder: made for this drill, and takes the ledger and the scorecard. Its name is the drill's id.
        clock: the time; this machine's when absent.
        foresee: told as soon as the service is suspected what will be asked for if the probe proposes it.
        show: told of each moment at once.

    Raises:
        SeawallError: the folder is there already, or cannot be made; the service was not well to begin with, and
            nothing was broken; or the drill cannot go on. The folder then holds what was measured until then.
    """
    if folder.exists():
        raise SeawallError(
            "there is a drill in it already", where=str(folder), remedy="Give each drill its own folder"
        )
    make_folder(folder)
    write_scenario(scenario, folder)
    drill = _Drill(scenario, city, outside, respond, folder, clock or SteadyClock(), foresee, show)
    try:
        drill.hold()
    except BaseException as error:
        drill.break_off(error)
        raise
    finally:
        card = drill.scorecard()
        write_scorecard(card, folder)
    return card


@dataclass(slots=True)
class _Drill:
    """One drill while it is held."""

    scenario: Scenario
    city: Inventory
    outside: Outside
    respond: Respond
    folder: Path
    clock: Clock
    foresee: Foresee | None
    show: Show
    held: Held = field(init=False)
    ledger: Ledger | None = None
    watch: Watch | None = None
    probe: Watcher | None = None
    broken: bool = False
    responding: bool = False

    def __post_init__(self) -> None:
        self.held = Held(began=self.clock.now())

    @property
    def service(self) -> str:
        """The service that users write to."""
        return self.scenario.load.service

    def hold(self) -> None:
        """Tell the whole story once."""
        with ExitStack() as tidy:
            tidy.callback(self._surely, self._finish_measuring)
            tidy.callback(self._surely, self._heal)
            loaded = self._load()
            self._play(loaded)
            self._answer(loaded)
            self._settle()
            self._bring_home()

    def break_off(self, error: BaseException) -> None:
        """Note that the drill ended before its end."""
        by_hand = Text(en="somebody stopped it (Ctrl-C)", da="nogen standsede den (Ctrl-C)")
        why = by_hand if isinstance(error, KeyboardInterrupt) else Text(en=str(error) or type(error).__name__)
        self.held.broken_off = Text(
            en=f"The drill was broken off: {why}", da=f"Øvelsen blev afbrudt: {why.in_('da')}"
        )
        if self.held.fault is not None or self.responding:
            self.held.findings.append(NOT_HOME)

    def scorecard(self) -> Scorecard:
        """Measure and judge what was gathered."""
        return scorecard_of(
            self.held,
            self.scenario,
            self.city,
            drill=self.folder.name,
            clock=getattr(self.clock, "source", "a clock of its own"),
        )

    def _load(self) -> datetime:
        self.watch = self.outside.watch(self.service)
        self.ledger = self.outside.users(self.scenario.load, self.folder / "ledger.jsonl")
        self.probe = self.outside.probe(self.service)
        deadline = self.clock.now() + STEADY_WITHIN
        while sum(one.accepted for one in self._read()) < STEADY:
            if self.clock.now() > deadline:
                raise SeawallError(
                    f"the service took fewer than {STEADY} writes in {STEADY_WITHIN.seconds} s; nothing was broken",
                    where=self.service,
                    remedy="See that it is well (`seawall lab status`, `seawall doctor`), and hold the drill again",
                )
            self.clock.sleep(POLL)
        self._refuse_a_move_already_made()
        loaded = self.held.tries[0].began
        self._note(loaded, Text(en="Users begin to write", da="Brugere begynder at skrive"))
        return loaded

    def _refuse_a_move_already_made(self) -> None:
        """Nothing is learnt by losing a site that nobody uses. Raises: SeawallError; nothing was broken."""
        asked = self.scenario.respond
        to = asked.with_.get("to") if asked else None
        at = next((one.site for one in reversed(self._read()) if one.accepted and one.site), None)
        if asked is None or to is None or at != to:
            return
        home = [
            f"seawall run {step.runbook} {' '.join(f'{key}={value}' for key, value in step.with_.items())}"
            for step in self.scenario.afterwards
            if isinstance(step, RunAfterwards)
        ]
        raise SeawallError(
            f"{self.service} is served from {to} already, where {asked.runbook} would move it; nothing was broken",
            where=self.service,
            remedy=f"Bring it home first: `{home[0]}`" if home else "Bring it home first, or the lab up anew",
        )

    def _play(self, loaded: datetime) -> None:
        for moment in self.scenario.timeline:
            self._wait_until(loaded + moment.at)
            if isinstance(moment, Heal):
                self._heal()
                continue
            at = self.clock.now()
            self.broken = True
            self.held.fault = self.held.fault or at
            self.outside.break_(moment)
            self._note(at, breaks(moment, self.city))

    def _answer(self, loaded: datetime) -> None:
        asked = self.scenario.respond
        if asked is None:
            return
        if asked.when == "proposed":
            self.held.declared = self.held.proposed = self._proposal(asked)
            if self.held.declared is None:
                self.held.findings.append(
                    Text(
                        en="The probe proposed nothing in time, so nobody responded",
                        da="Der blev ikke foreslået noget i tide, så ingen reagerede",
                    )
                )
                return
            self._note(self.held.declared, Text(en="A failover is proposed", da="En flytning foreslås"))
        else:
            if self.held.fault is None or asked.at is not None:
                self._wait_until(loaded + (asked.at or LEAD))
            self.held.declared = self.clock.now()
            self._note(self.held.declared, Text(en="The operator declares", da="Vagten erklærer"))
        self.responding = True
        self.held.responded = self._run(asked.runbook, asked.with_)

    def _proposal(self, asked: Asked) -> datetime | None:
        assert self.probe is not None
        end = self.clock.now() + asked.within
        if self.foresee is not None and self.probe.suspects(asked.within):
            self.foresee(asked.runbook, asked.with_)
        proposed = self.probe.proposed(max(timedelta(), end - self.clock.now()))
        if proposed is not None and self.held.fault is not None and proposed < self.held.fault:
            raise SeawallError(
                "the probe proposed a failover before anything was broken",
                where=self.service,
                remedy="See why the service did not answer (`seawall doctor`), and hold the drill again",
            )
        return proposed

    def _run(self, runbook: str, parameters: dict[str, str]) -> Responded | None:
        approvers = self.scenario.respond.approved_by if self.scenario.respond else ()
        self._note(self.clock.now(), responds(runbook, parameters, self.city))
        try:
            done = self.respond(runbook, parameters, exercise=True, approved_by=approvers)
        except SeawallError as error:
            self.held.findings.append(Text(en=f"{runbook}: {error}"))
            return None
        self._note(self.clock.now(), ended(runbook, done.outcome))
        return done

    def _settle(self) -> None:
        """Wait for what is still expected, as long as it makes sense; from here on things are brought home."""
        run, asked = self.held.responded, self.scenario.respond
        answered = asked is None or (run is not None and run.outcome is Outcome.DONE)
        patience = LATE_AT_MOST if answered else timedelta()
        while self._anything_open(patience):
            self.clock.sleep(LOOK_AGAIN)
        lost = self._count()
        self.held.settled = self.clock.now()
        if asked is not None and self.held.declared is not None:
            self._keep(asked.runbook, run, self.held.since, self.held.until_settled(), lost)

    def _bring_home(self) -> None:
        for step in self.scenario.afterwards:
            if not isinstance(step, RunAfterwards):
                self._heal()
                continue
            began, before = self.clock.now(), len(self._read())
            run = self._run(step.runbook, step.with_)
            self._await_service(began)
            lost = self._count()
            self._keep(step.runbook, run, began, self.held.tries[before:], lost)

    def _keep(
        self, runbook: str, run: Responded | None, began: datetime, tries: Sequence[Tried], lost: int | None
    ) -> None:
        self.held.runs.append(
            RunHeld(
                runbook=runbook,
                folder=run.folder.name if run else "",
                outcome=run.outcome if run else Outcome.FAILED,
                refused_for=total(silences(tries, since=began)),
                lost=lost,
            )
        )

    def _anything_open(self, patience: timedelta) -> bool:
        self._read()
        self.held.told = [one for one in self.outside.messages() if one.at >= self.held.began]
        if self.probe is not None and self.held.proposed is None:
            self.held.proposed = self.probe.proposed(timedelta())
        now = self.clock.now()
        seen = self.held.observed(now)
        open_yet = [
            one
            for one in self.scenario.expect
            if now < self.held.since + getattr(one, "within", -patience) + patience
            and still_open(one, seen, self.city)
        ]
        served = served_since(seen.tries, since=self.held.since)
        return bool(open_yet) or (served is None and now < self.held.since + HOME_WITHIN + patience)

    def _await_service(self, since: datetime) -> None:
        deadline = self.clock.now() + HOME_WITHIN
        while served_since(self._read(), since=since) is None and self.clock.now() < deadline:
            self.clock.sleep(POLL)

    def _count(self) -> int | None:
        """Count what went missing since the last count. The ledger is read first, or writes in between look lost."""
        tries = tuple(self._read())
        try:
            survivors = self.outside.rows(self.service)
        except SeawallError as error:
            self.held.uncounted = True
            self.held.findings.append(Text(en=f"Lost writes could not be counted: {error}"))
            return None
        loss = count_lost(tries, survivors, disruption=self.held.fault)
        if self.held.loss is None:
            self.held.loss = loss
            return len(loss.lost)
        known = {one.write for one in (*self.held.loss.lost, *self.held.lost_later)}
        fresh = [one for one in loss.lost if one.write not in known]
        self.held.lost_later += fresh
        return len(fresh)

    def _read(self) -> list[Tried]:
        if self.ledger is not None:
            self.held.tries += self.ledger.tail()
        return self.held.tries

    def _wait_until(self, at: datetime) -> None:
        self.clock.sleep(max(timedelta(), at - self.clock.now()))

    def _heal(self) -> None:
        if self.broken:
            self.outside.heal()
            self.broken = False
            self._note(
                self.clock.now(), Text(en="What was broken is whole again", da="Det ødelagte er helt igen")
            )

    def _note(self, at: datetime, what: Text) -> None:
        moment = Moment(at=at, what=what)
        self.held.moments.append(moment)
        self.show(moment)

    def _finish_measuring(self) -> None:
        with ExitStack() as stack:
            if self.probe is not None:
                stack.callback(self.probe.stop)
            if self.watch is not None:
                stack.callback(self._end_watch, self.watch)
            if self.ledger is not None:
                stack.callback(self._end_ledger, self.ledger)

    def _end_ledger(self, ledger: Ledger) -> None:
        self.held.tries += ledger.stop()
        self.held.told = [one for one in self.outside.messages() if one.at >= self.held.began]

    def _end_watch(self, watch: Watch) -> None:
        self.held.ended = self.clock.now()
        self.held.doubles = doubles(watch.stop(), since=self.held.since, until=self.held.ended)
        self.held.jumped = self.clock.jumped()

    def _surely(self, act: Callable[[], None]) -> None:
        """Do what must be done at the end; a failure of it is a finding, and stops nothing else."""
        try:
            act()
        except SeawallError as error:
            self.held.findings.append(Text(en=f"The drill could not clean up after itself: {error}"))
