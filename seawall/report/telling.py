"""One event of a journal as a sentence, in English and Danish. Screens and reports say it in the same words."""

from __future__ import annotations

from seawall.journal import (
    AbortAsked,
    Acknowledged,
    Answered,
    Approved,
    Asked,
    ByHand,
    Ended,
    Escalated,
    Event,
    Failed,
    Lapsed,
    Notified,
    NotNeeded,
    NotReplicated,
    Opened,
    Overridden,
    Recovered,
    Resumed,
    Retried,
    Settled,
    SignedFromHere,
    Skipped,
    Started,
    Succeeded,
    Unanswered,
    WentAlone,
)
from seawall.model import Text
from seawall.plan import Plan
from seawall.report.of_copies import told_of_copies
from seawall.report.of_people import asked_whom, told_of_people
from seawall.report.of_yeses import how_said, told_of_request, told_of_yeses
from seawall.report.roles import starter
from seawall.report.words import OUTCOMES


def told(event: Event, plan: Plan) -> Text:
    """Say what happened. The step's own words are left to whoever shows them; here it goes by its id."""
    match event:
        case Opened() | Resumed() | Recovered() | NotReplicated() | WentAlone() | Ended():
            return _of_the_run(event)
        case Asked() | Approved() | Lapsed() | SignedFromHere() | Answered() | AbortAsked():
            return _of_people(event)
        case Acknowledged() | Escalated() | Notified() | Unanswered() | ByHand():
            return told_of_people(event)
        case Skipped() | Retried() | Overridden():
            return _reopened(event)
        case Settled():
            return _settled(event)
        case _:
            return _of_a_call(event, plan)


def _of_the_run(event: Opened | Resumed | Recovered | NotReplicated | WentAlone | Ended) -> Text:
    match event:
        case Recovered() | NotReplicated() | WentAlone():
            return told_of_copies(event)
        case Opened():
            kind = ("an exercise", "en øvelse") if event.exercise else ("a real run", "en virkelig kørsel")
            who, signed = starter(event.by), told_of_request(event)
            return Text(
                en=f"{who.en} started {event.runbook}, {kind[0]}{signed.en}",
                da=f"{who.in_('da')} satte {event.runbook} i gang, {kind[1]}{signed.in_('da')}",
            )
        case Resumed():
            who = starter(event.by)
            return Text(en=f"{who.en} took the run up again", da=f"{who.in_('da')} tog kørslen op igen")
        case Ended():
            outcome = OUTCOMES[event.outcome.value]
            return Text(en=f"the run ended: {outcome.en}", da=f"kørslen endte: {outcome.in_('da')}")


def _of_people(event: Asked | Approved | Lapsed | SignedFromHere | Answered | AbortAsked) -> Text:
    match event:
        case Approved() | Lapsed() | SignedFromHere():
            return told_of_yeses(event)
        case Asked():
            return _asked(event)
        case Answered():
            said = {
                "no": ("said no", "sagde nej"),
                "happened": ("said that it happened", "sagde, at det er sket"),
                "did-not-happen": ("said that it did not happen", "sagde, at det ikke er sket"),
                "cannot": ("cannot", "kan ikke"),
            }[event.answer]
            why = f": {event.why}" if event.why else ""
            noted = (f"; noted: {event.note}", f"; noteret: {event.note}") if event.note else ("", "")
            how = how_said(event)
            return Text(
                en=f"{event.step}: {event.by} {said[0]}{why}{noted[0]}{how.en}",
                da=f"{event.step}: {event.by} {said[1]}{why}{noted[1]}{how.in_('da')}",
            )
        case AbortAsked():
            why = f": {event.why}" if event.why else ""
            back = (" and take back what was done", " og tage tilbage, hvad der var gjort")
            return Text(
                en=f"{event.by} asked to stop{back[0] if event.undo else ''}{why}",
                da=f"{event.by} bad om at standse{back[1] if event.undo else ''}{why}",
            )


def _reopened(event: Skipped | Retried | Overridden) -> Text:
    if isinstance(event, Overridden):
        expects = f"{event.lost_writes} writes, {event.lost_seconds:g} s"
        ventes = f"{event.lost_writes} skrivninger, {event.lost_seconds:g} s"
        return Text(
            en=f"{event.step}: OVERRIDE by {event.by}, without evidence; expects to lose {expects}: {event.why}",
            da=f"{event.step}: TILSIDESAT af {event.by}, uden bevis; venter at miste {ventes}: {event.why}",
        )
    how = how_said(event)
    if isinstance(event, Skipped):
        return Text(
            en=f"{event.step}: {event.by} left it out: {event.why}{how.en}",
            da=f"{event.step}: {event.by} sprang det over: {event.why}{how.in_('da')}",
        )
    return Text(
        en=f"{event.step}: {event.by} had it tried again: {event.why}{how.en}",
        da=f"{event.step}: {event.by} lod det prøve igen: {event.why}{how.in_('da')}",
    )


def _asked(event: Asked) -> Text:
    who = asked_whom(event)
    match event.what:
        case "approval":
            return Text(
                en=f"{event.step}: waits for a yes from {who}",
                da=f"{event.step}: venter på et ja fra {who}",
            )
        case "person":
            return Text(en=f"{event.step}: is for {who} to do", da=f"{event.step}: skal gøres af {who}")
        case "doubt":
            return Text(
                en=f"{event.step}: in doubt; {event.of} is asked whether it happened",
                da=f"{event.step}: uvist; {event.of} bliver spurgt, om det er sket",
            )
        case "undo-doubt":
            return Text(
                en=f"{event.step}: {event.of} is asked whether it was taken back",
                da=f"{event.step}: {event.of} bliver spurgt, om det er taget tilbage",
            )


def _settled(event: Settled) -> Text:
    said = {
        True: ("the proof says that it happened", "efterprøvningen siger, at det er sket"),
        False: ("the proof says that it did not happen", "efterprøvningen siger, at det ikke er sket"),
        None: ("the proof could not tell", "efterprøvningen kunne ikke sige det"),
    }[event.happened]
    return Text(
        en=f"{event.step}: {said[0]} ({event.because})", da=f"{event.step}: {said[1]} ({event.because})"
    )


def _of_a_call(event: Started | Succeeded | NotNeeded | Failed, plan: Plan) -> Text:
    match event:
        case Started():
            undoing = ("is being taken back", "tages tilbage") if event.undoing else ("began", "begyndte")
            again = (
                (f", attempt {event.attempt}", f", forsøg {event.attempt}") if event.attempt > 1 else ("", "")
            )
            return Text(
                en=f"{event.step}: {undoing[0]}{again[0]}", da=f"{event.step}: {undoing[1]}{again[1]}"
            )
        case Succeeded():
            ended = ("was taken back", "blev taget tilbage") if event.undoing else ("done", "udført")
            saw = f": {event.summary}" if event.summary else ""
            return Text(en=f"{event.step}: {ended[0]}{saw}", da=f"{event.step}: {ended[1]}{saw}")
        case NotNeeded():
            return Text(
                en=f"{event.step}: was already so ({event.because})",
                da=f"{event.step}: var allerede sådan ({event.because})",
            )
        case Failed():
            return _failed(event, plan)


def _failed(event: Failed, plan: Plan) -> Text:
    step = plan.by_id.get(event.step)
    doubt = event.acted is None and step is not None and step.changes
    ended = ("its ending was not seen", "dens slutning blev ikke set") if doubt else ("failed", "mislykkedes")
    return Text(
        en=f"{event.step}: {ended[0]}: {event.problem}", da=f"{event.step}: {ended[1]}: {event.problem}"
    )
