"""A step's way through people's hands, in words: asked, taken, done, passed on, done by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo

from seawall.model import Language, Text
from seawall.report.account import StepAccount
from seawall.report.figures import clock, span

_WORDS = {
    "taken": Text(
        en="asked {asked}, taken {taken} by {who} after {wait}",
        da="spurgt {asked}, taget {taken} af {who} efter {wait}",
    ),
    "worked": Text(en=", done {ended} after {work} more", da=", gjort {ended} efter {work} mere"),
    "late": Text(
        en="{at} {before} did not answer in time; {who} was asked",
        da="{at} {before} svarede ikke i tide; {who} blev spurgt",
    ),
    "cannot": Text(
        en="{at} {before} could not; {who} was asked", da="{at} {before} kunne ikke; {who} blev spurgt"
    ),
    "by-hand": Text(
        en="done by hand by {who}; typed in {at} by {typed}",
        da="gjort i hånden af {who}; tastet ind {at} af {typed}",
    ),
}


def hands_told(one: StepAccount, language: Language, zone: tzinfo) -> Iterator[str]:
    """Yield what there is to say of it, one sentence a time."""
    hands = one.hands
    if hands is None:
        return

    def say(key: str, **values: str) -> str:
        return _WORDS[key].in_(language).format(**values)

    for passed in hands.passed_on:
        who = passed.to if passed.person in (None, passed.to) else f"{passed.person} ({passed.to})"
        yield say(passed.because, at=clock(passed.at, zone)[:8], before=passed.before, who=who)
    if hands.taken_by is not None:
        taken = say(
            "taken",
            asked=clock(one.asked, zone)[:8],
            taken=clock(hands.taken_at, zone)[:8],
            who=hands.taken_by,
            wait=span(hands.wait_seconds, language),
        )
        worked = hands.work_seconds is not None and one.ended is not None
        more = say("worked", ended=clock(one.ended, zone)[:8], work=span(hands.work_seconds, language))
        yield taken + (more if worked else "")
    if hands.by_hand is not None:
        typed = hands.typed_in_by or "-"
        yield say("by-hand", who=hands.by_hand, at=clock(hands.typed_in_at, zone)[:8], typed=typed)
