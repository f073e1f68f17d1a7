"""What must hold of every story, whatever struck. Each gives a sentence for what does not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from graphlib import TopologicalSorter
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING

from seawall.decide import Ask, StepCall
from seawall.errors import Busy, SeawallError
from seawall.journal import (
    AbortAsked,
    Answered,
    Approved,
    Event,
    Opened,
    Outcome,
    Overridden,
    Settled,
    Started,
    Succeeded,
)
from seawall.plan import Plan
from tests.simulation import city

if TYPE_CHECKING:
    from tests.simulation.run import Run
    from tests.simulation.story import Story


PREPARES = frozenset({"keep"})
"""A server that lies stopped is put in order for its return by each attempt anew; the return is that it starts."""
OVERRIDING = 2
"""An override takes so many people."""


def wrongs(story: Story) -> Iterator[str]:
    """Yield all that is wrong with how a story went."""
    yield from _two_primaries(story)
    yield from _promoted_beside_a_primary(story)
    yield from _made_twice(story)
    yield from _two_runs(story)
    yield from _writes_gone(story)
    yield from story.still.wrongs
    for run in story.runs:
        yield from _chain(run)
        yield from _ground_pulled(run)
        yield from (f"{run.id}: {one}" for one in run.uncovered)
        yield from _no_named_state(run, story.runs)


def _two_primaries(story: Story) -> Iterator[str]:
    if story.users.doubles:
        at, who = story.users.doubles[0]
        yield f"two writable primaries: at {at:.3f} s users were served by {who}"


def _promoted_beside_a_primary(story: Story) -> Iterator[str]:
    for at, writable in story.promotions:
        if writable:
            yield f"evidence did not hold: at {at:.3f} s a server was promoted while {writable} accepted writes"


def _made_twice(story: Story) -> Iterator[str]:
    made: dict[tuple[str, str, bool], set[tuple[str, int]]] = defaultdict(set)
    for act in story.network.acts:
        call = None if act.making is None else act.making.call
        if act.making is not None and call is not None and _is_the_change(call, act.what):
            made[act.making.run, call.step.id, call.undoing].add((act.process, call.attempt))
    people = set[str]().union(*(run.people.explicit for run in story.runs))
    if story.struck["StartedByHand"]:
        people.add("fence")  # taken back by hand, so that it was right to make it again
    for (run, step, undoing), attempts in made.items():
        if len(attempts) > 1 and step not in people:
            what = "taken back" if undoing else "made"
            who = " and ".join(f"{process}'s attempt {attempt}" for process, attempt in sorted(attempts))
            yield f"{run}: {step} was {what} twice, by {who}"


def _is_the_change(call: StepCall, what: str) -> bool:
    """Tell whether an act is what its step changes: no command of one that only looks, and no preparation."""
    return (call.step.changes or call.undoing) and what not in PREPARES


def _writes_gone(story: Story) -> Iterator[str]:
    """An acknowledged write is where users are served, or lies where it can be counted; a planned move loses none."""
    servers = story.twin.servers.servers
    somewhere: set[str] = set()
    for one in servers.values():
        somewhere |= {row.text for row in one.log}
        for kept in one.kept.values():
            somewhere |= {row.text for row in kept}
    gone = sorted(set(story.users.acknowledged) - somewhere)
    if gone:
        yield f"{len(gone)} acknowledged writes are neither found nor can be counted as lost, e.g. {gone[0]}"
    ends = [run.ended for run in story.runs]
    if story.setting.mode == "planned" and any(end and end.outcome is Outcome.DONE for end in ends):
        yield from _lost(story, city.NEW, story.users.acknowledged)
    if any(run.brought_home for run in story.runs):
        # What the old primary alone had when it was lost was kept aside, and counted above.
        yield from _lost(
            story, city.OLD, [one for one, by in story.users.acknowledged.items() if by == city.NEW]
        )


def _lost(story: Story, there: str, acknowledged: Iterable[str]) -> Iterator[str]:
    found = {row.text for row in story.twin.servers.servers[there].log}
    lost = [one for one in acknowledged if one not in found]
    if lost:
        yield f"a planned move lost {len(lost)} acknowledged writes, e.g. {lost[0]}"


def _chain(run: Run) -> Iterator[str]:
    try:
        journals = run.journals
    except SeawallError as error:
        yield f"{run.id}: its journal does not verify: {error}"
        return
    for place, events in journals.items():
        began: dict[str, int] = {}
        for event in events:
            if isinstance(event, Started) and not event.undoing:
                if event.attempt <= began.get(event.step, 0):
                    before = began.get(event.step, 0)
                    yield f"{run.id}: at {place} attempt {event.attempt} of {event.step} follows attempt {before}"
                began[event.step] = event.attempt
        if any(one.kind == "ended" and not isinstance(after, Overridden) for one, after in pairwise(events)):
            yield f"{run.id}: at {place} something is written after its end"
        yield from _overridden_by_one(run, events)
        yield from _opened_by_no_yes(run, events)
        words = Counter(one for one in events if isinstance(one, Approved | Answered | AbortAsked))
        for word, times in words.items():
            if times > 1:
                yield f"{run.id}: what {word.by} said once ({word.kind}) was heard {times} times"


def _two_runs(story: Story) -> Iterator[str]:
    """Of runs that want the same, one begins anything only when the other has ended."""
    spans = sorted((*span, run.id) for run in story.runs for span in run.spans)
    for (_, end, one), (begins, _, other) in pairwise(spans):
        if begins < end:
            since = f"{one} has not ended" if end == inf else f"{one} ended at {end:.3f} s"
            yield f"two runs at once: {other} began a step at {begins:.3f} s, and {since}"


def _ground_pulled(run: Run) -> Iterator[str]:
    """No fence is taken back under the promotion that it made safe."""
    stands: set[str] = set()
    for event in run.written:
        match event:
            case Started(undoing=True) if run.plan.by_id[event.step].uses == "postgres.fence":
                if resting := {name for name in stands if event.step in _ancestors(run, name)}:
                    yield f"{run.id}: {event.step} was taken back under {', '.join(sorted(resting))}"
            case Succeeded(undoing=False) | Settled(happened=True):
                if run.plan.by_id[event.step].uses == "postgres.promote":
                    stands.add(event.step)


def _overridden_by_one(run: Run, events: Sequence[Event]) -> Iterator[str]:
    """Nothing rests on what one person alone said."""
    said: dict[str, set[str]] = defaultdict(set)
    for event in events:
        match event:
            case Overridden():
                said[event.step].add(event.by)
            case Started(undoing=False):
                for step in _ancestors(run, event.step) & said.keys():
                    if len(said[step]) < OVERRIDING:
                        yield f"{run.id}: {event.step} was begun on an override by one person"


def _opened_by_no_yes(run: Run, events: Sequence[Event]) -> Iterator[str]:
    """Where there is a trust root, only signed yeses open a step; one more where nobody signed for the run itself."""
    if run.people.pen is None:
        return
    good = run.people.pen.good
    is_unsigned = not any(isinstance(one, Opened) and one.request for one in events)
    for n, event in enumerate(events):
        if not isinstance(event, Started) or event.undoing:
            continue
        approve = run.plan.by_id[event.step].approve
        said = {one.by for one in events[:n] if one in good and getattr(one, "step", "") == event.step}
        if approve is not None and len(said) < approve.people + is_unsigned:
            yield f"{run.id}: {event.step} was opened by no signed yes"


def _ancestors(run: Run, step: str) -> frozenset[str]:
    return _before_each(run.plan.content)[step]


@cache
def _before_each(plan: bytes) -> dict[str, frozenset[str]]:
    """Return all that must be over before each step of a plan."""
    after = {step.id: step.after for step in Plan.model_validate_json(plan).steps}
    found: dict[str, frozenset[str]] = {}
    for name in TopologicalSorter(after).static_order():
        found[name] = frozenset(after[name]).union(*(found[one] for one in after[name]))
    return found


def _no_named_state(run: Run, runs: Sequence[Run]) -> Iterator[str]:
    if run.ended is not None or (isinstance(run.stopped_with, Ask) and run.stopped_with.questions):
        return
    if run.is_lost and not run.began:
        return  # its machine is gone, and it had begun no change
    if isinstance(run.stopped_with, Busy) and not run.driven and any(one.driven for one in runs):
        return  # turned away as often as it was tried; its disk was too full to write that down
    yield f"{run.id}: it neither ended nor waits for a named person, after {run.lives} lives: {run.stopped_with}"
