"""The power goes between any two instructions, again and again; what the journal promises holds all the same."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy

from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from seawall.decide import Ask, Finish
from seawall.drive import drive
from seawall.journal import (
    Answered,
    Ended,
    Event,
    NotNeeded,
    Opened,
    Outcome,
    Settled,
    Started,
    Succeeded,
)
from seawall.plan import Plan
from seawall.state import State
from tests.examples import examples
from tests.fakes import (
    MIDNIGHT,
    MemoryJournal,
    PowerCut,
    SimulatedDisk,
    SimulatedHands,
    SimulatedPeople,
    SimulatedPower,
    SimulatedWorld,
)
from tests.seawall.plans import a_change, a_plan, behaviours, plans

most = examples(80, suppress_health_check=[HealthCheck.too_slow])
some = examples(25, suppress_health_check=[HealthCheck.too_slow])
cuts = st.lists(st.integers(0, 40), max_size=4)


def opened_disk(plan: Plan) -> SimulatedDisk:
    disk = SimulatedDisk()
    MemoryJournal(disk).append(
        [
            Opened(
                at=MIDNIGHT,
                run="2026-11-21-0300-move-k3",
                plan=plan.digest,
                runbook=plan.runbook,
                title=plan.title,
                exercise=True,
                by="anna",
                version="0",
            )
        ]
    )
    return disk


def carry_through(
    plan: Plan,
    world: SimulatedWorld,
    disk: SimulatedDisk,
    power: SimulatedPower,
    people: SimulatedPeople,
    *,
    dark: float = 5.0,
) -> Finish | Ask:
    """Drive the run in one life after another until one of them comes to an end."""
    while True:
        try:
            return drive(
                plan,
                MemoryJournal(disk, power),
                SimulatedHands(world, power, idle=1.0),
                world.clock,
                inbox=people.inbox(),
                watch=people.watch,
            )
        except PowerCut:
            world.clock.advance(dark)
            world.turn()


def finished_steps_begun_again(events: list[Event]) -> list[str]:
    finished: set[str] = set()
    again = []
    for event in events:
        match event:
            case (
                Succeeded(undoing=False) | NotNeeded() | Settled(happened=True) | Answered(answer="happened")
            ):
                finished.add(event.step)
            case Started(undoing=False) if event.step in finished:
                again.append(event.step)
    return again


@given(st.data())
@most
def test_no_change_is_made_twice_however_often_the_power_goes(data: st.DataObject):
    plan = data.draw(plans())
    world = SimulatedWorld(behaviours=data.draw(behaviours(plan)))
    disk, power = opened_disk(plan), SimulatedPower(data.draw(cuts))
    abort = data.draw(st.none() | st.tuples(st.floats(0, 40), st.booleans()))
    people = SimulatedPeople(world, awake=data.draw(st.booleans()), abort=abort)
    end = carry_through(plan, world, disk, power, people, dark=data.draw(st.sampled_from([0.01, 5.0, 60.0])))
    world.wear_out()

    events, state = disk.events(), State(plan, disk.events())
    assert not {step: n for step, n in Counter(step for step, _ in world.made).items() if n > 1}
    assert not {step: n for step, n in Counter(step for step, _ in world.taken_back).items() if n > 1}
    assert not finished_steps_begun_again(events)
    if isinstance(end, Ask):
        assert end.questions
        assert all(one.of for one in end.questions)
        assert not people.awake
        return
    assert events[-1] == Ended(at=events[-1].at, outcome=end.outcome, left=end.left)
    stand = {step.id for step in plan.steps if world.holds(step.id)}
    assert stand <= set(end.left) | ({*state.changed} if end.outcome is Outcome.DONE else set())
    if end.outcome is Outcome.DONE:
        never = {s.id for s in plan.steps if s.changes and s.skipped is None} - {s for s, _ in world.made}
        assert not never
    if end.outcome is Outcome.UNDONE:
        assert not stand


@given(st.data())
@some
def test_a_run_that_goes_well_but_for_the_power_gets_done_by_itself_where_proofs_can_tell(
    data: st.DataObject,
):
    names = [f"s{n}" for n in range(data.draw(st.integers(1, 4)))]
    plan = a_plan(*(a_change(name, *names[max(0, n - 1) : n]) for n, name in enumerate(names)))
    world = SimulatedWorld()
    people = SimulatedPeople(world, awake=False)
    lives = data.draw(st.lists(st.integers(0, 30), max_size=2))
    end = carry_through(plan, world, opened_disk(plan), SimulatedPower(lives), people)

    assert end == Finish(Outcome.DONE)
    assert [step for step, _ in world.made] == names


@given(st.data())
@some
def test_taking_back_never_pulls_the_ground_from_under_what_stands(data: st.DataObject):
    names = [f"s{n}" for n in range(data.draw(st.integers(1, 5)))]
    after = {
        name: sorted(data.draw(st.sets(st.sampled_from(names[:n]), max_size=2))) if n else []
        for n, name in enumerate(names)
    }
    plan = a_plan(*(a_change(name, *after[name], undo=data.draw(st.integers(0, 4)) < 4) for name in names))
    world = SimulatedWorld()
    people = SimulatedPeople(world, awake=False, abort=(data.draw(st.floats(0.5, 6.0)), True))
    lives = data.draw(st.lists(st.integers(10, 60), max_size=1))
    end = carry_through(plan, world, opened_disk(plan), SimulatedPower(lives), people)
    world.wear_out()

    assert isinstance(end, Finish)
    for step, at in world.taken_back:
        back = {name for name, then in world.taken_back if then <= at}
        resting = {name for name, then in world.made if then <= at and rests_on(plan, name, step)}
        assert resting <= back
    if end.outcome is Outcome.UNDONE:
        assert [step for step, _ in world.taken_back] == [step for step, _ in reversed(world.made)]


def rests_on(plan: Plan, step: str, other: str) -> bool:
    after = plan.by_id[step].after
    return other in after or any(rests_on(plan, one, other) for one in after)


@given(st.data())
@some
def test_folding_one_by_one_is_folding_at_once(data: st.DataObject):
    plan = data.draw(plans(most=4))
    world = SimulatedWorld(behaviours=data.draw(behaviours(plan)))
    disk, people = (
        opened_disk(plan),
        SimulatedPeople(world, abort=data.draw(st.none() | st.just((8.0, True)))),
    )
    for life in [*data.draw(st.lists(st.integers(3, 30), max_size=2)), 10_000]:
        seen: list[tuple[int, dict[str, object]]] = []

        def watch(event: Event, state: State, seen: list[tuple[int, dict[str, object]]] = seen) -> None:
            people.watch(event, state)
            seen.append((len(disk.events()), plain(state)))

        power, before = SimulatedPower([life]), len(disk.events())
        try:
            journal, hands = MemoryJournal(disk, power), SimulatedHands(world, power, idle=1.0)
            drive(plan, journal, hands, world.clock, inbox=people.inbox(), watch=watch)
        except PowerCut:
            world.clock.advance(5)
        events = disk.events()
        for n, (written, state) in enumerate(seen, before + 1):
            assert n <= written
            assert state == plain(State(plan, events[:written]))


def plain(state: State) -> dict[str, object]:
    """Return all that a state holds, so that two can be compared; of what is ordered, the order too."""
    parts = {
        f"yeses.{name}": getattr(state.yeses, name)
        for name in ("said", "lapsing", "signed", "request_counts")
    }
    parts |= {f"unseen.{name}": getattr(state.unseen, name) for name in ("_names", "_recovered")}
    shared = ("plan", "steps", "yeses", "unseen")
    held = {name: value for name, value in vars(state).items() if name not in shared} | parts
    order = [list(value) for value in held.values() if isinstance(value, dict)]
    steps = {
        name: {f: getattr(one, f) for f in one.__slots__ if f != "step"} for name, one in state.steps.items()
    }
    return deepcopy({**held, "order": order, "steps": steps})


def test_started_is_on_the_disk_before_the_act():
    plan = a_plan(a_change("fence"))
    disk, world = opened_disk(plan), SimulatedWorld()
    hands = SimulatedHands(world)
    begun_with: list[list[Event]] = []
    start = hands.start

    def start_and_look(making):
        begun_with.append(disk.events())
        start(making)

    hands.start = start_and_look  # type: ignore[method-assign]
    drive(plan, MemoryJournal(disk), hands, world.clock)
    assert [type(event) for event in begun_with[0]] == [Opened, Started]


def test_a_torn_line_at_every_byte_is_a_crash_and_nothing_else():
    plan = a_plan(a_change("fence"), a_change("promote", "fence"))
    disk, world = opened_disk(plan), SimulatedWorld()
    drive(plan, MemoryJournal(disk), SimulatedHands(world), world.clock)
    whole = disk.content
    lines = whole.splitlines(keepends=True)
    events = disk.events()
    for cut in range(len(whole) - len(lines[-1]), len(whole)):
        disk.content = whole[:cut]
        assert disk.events() == events[:-1]
        MemoryJournal(disk).append([events[-1]])
        assert disk.events() == events
