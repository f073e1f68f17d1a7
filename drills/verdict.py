"""The verdict over a drill. Pure.

In time and something else wrong is failed. Everything right but late is recovered, target missed. What cannot be told
is not known, and never passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from drills.scorecard import Judged, RunHeld, Verdict, seconds
from drills.wording import ended
from seawall.inventory import Targets
from seawall.journal import Outcome
from seawall.model import Text


def verdict(
    *,
    targets: Targets | None,
    rta: timedelta | None,
    rpa: timedelta | None,
    lost: int | None,
    expectations: Sequence[Judged],
    runs: Sequence[RunHeld],
    broken_off: Text | None = None,
) -> Verdict:
    """Judge the drill as a whole.

    Args:
        targets: what was promised for the service; None when nothing was.
        rta: None when the service did not come back.
        rpa: None when it cannot be told.
        lost: how many acknowledged writes are gone; None when they could not be counted.
        expectations: each of the scenario's, judged.
        runs: the runs it took.
        broken_off: why the drill ended before its end, if it did.
    """
    failed = [_said(one) for one in expectations if one.met is False and one.late_by is None]
    failed += [ended(run.runbook, run.outcome) for run in runs if run.outcome is not Outcome.DONE]
    unknown = [_said(one) for one in expectations if one.met is None]
    missed = [one.late_by for one in expectations if one.late_by]
    because = [_said(one) for one in expectations if one.late_by]
    if lost is None:
        unknown.append(Text(en="Lost writes could not be counted", da="Tabte skrivninger kunne ikke tælles"))
    if lost and rpa is None:
        failed.append(
            Text(
                en="The loss reaches back further than anybody measured",
                da="Tabet rækker længere tilbage, end nogen har målt",
            )
        )
    for measured, target, name in _against(targets, rta, rpa):
        if measured > target:
            missed.append(measured - target)
            because.append(
                Text(
                    en=f"{name} was to be {seconds(target)} and was {seconds(measured)}",
                    da=f"{name} skulle være {seconds(target, 'da')} og blev {seconds(measured, 'da')}",
                )
            )
    if broken_off is not None:
        return Verdict(kind="unknown", because=(broken_off, *failed, *because))
    if rta is None:
        failed.append(Text(en="The service did not come back", da="Tjenesten kom ikke tilbage"))
    if failed:
        return Verdict(kind="failed", because=tuple(failed + because))
    if unknown:
        return Verdict(kind="unknown", because=tuple(unknown + because))
    if missed:
        return Verdict(kind="late", missed_by=max(missed), because=tuple(because))
    return Verdict(kind="passed")


def _said(one: Judged) -> Text:
    return Text(en=f"{one.that}: {one.because}", da=f"{one.that.in_('da')}: {one.because.in_('da')}")


def _against(
    targets: Targets | None, rta: timedelta | None, rpa: timedelta | None
) -> Sequence[tuple[timedelta, timedelta, str]]:
    if targets is None:
        return ()
    pairs = ((rta, targets.rto, "RTO"), (rpa, targets.rpo, "RPO"))
    return [
        (measured, target, name)
        for measured, target, name in pairs
        if measured is not None and target is not None
    ]
