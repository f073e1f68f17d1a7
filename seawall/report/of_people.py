"""What people do about a question, as sentences: take it on, pass it on, are asked next, and do things by hand."""

from __future__ import annotations

from seawall.journal import Acknowledged, Asked, ByHand, Escalated, Notified, Unanswered
from seawall.model import Text

_CAME_TO = {
    "accepted": ("was written to ({channel})", "er skrevet til ({channel})"),
    "in doubt": (
        "was written to ({channel}), and it is not known whether it left",
        "er skrevet til ({channel}), og det er uvist, om det blev sendt",
    ),
    "refused": (
        "could not be written to ({channel}): {problem}",
        "kunne ikke skrives til ({channel}): {problem}",
    ),
    "unreachable": (
        "could not be written to ({channel}): {problem}",
        "kunne ikke skrives til ({channel}): {problem}",
    ),
    "no channel": ("must be rung: nothing here reaches them", "skal ringes op: herfra kan de ikke nås"),
}
_CHANNELS = {"email": ("mail", "mail"), "slack": ("Slack", "Slack"), "none": ("", "")}


def asked_whom(event: Asked | Escalated) -> str:
    """Name who is asked: the role, and whose turn it is in it."""
    return event.of if event.person in (None, event.of) else f"{event.person} ({event.of})"


def told_of_people(event: Acknowledged | Escalated | Notified | Unanswered | ByHand) -> Text:
    """Say what happened."""
    step = event.step
    match event:
        case Acknowledged():
            return Text(en=f"{step}: {event.by} has it", da=f"{step}: {event.by} har den")
        case Escalated():
            return _escalated(event)
        case Notified():
            channel, words = _CHANNELS[event.channel], _CAME_TO[event.came_to]
            said = (one.format(channel=channel[n], problem=event.problem) for n, one in enumerate(words))
            english, danish = said
            return Text(en=f"{step}: {event.person} {english}", da=f"{step}: {event.person} {danish}")
        case Unanswered(then="goes-on"):
            return Text(
                en=f"{step}: nobody answered; the runbook goes on without it",
                da=f"{step}: ingen svarede; indsatskortet går videre uden det",
            )
        case Unanswered():
            return Text(
                en=f"{step}: nobody answered; the runbook stops here",
                da=f"{step}: ingen svarede; indsatskortet standser her",
            )
        case ByHand():
            return _by_hand(event)


def _escalated(event: Escalated) -> Text:
    why = {
        "late": ("did not answer in time", "svarede ikke i tide"),
        "cannot": ("cannot", "kan ikke"),
    }[event.because]
    who = asked_whom(event)
    return Text(
        en=f"{event.step}: {event.before} {why[0]}; {who} is asked now",
        da=f"{event.step}: {event.before} {why[1]}; nu bliver {who} spurgt",
    )


def _by_hand(event: ByHand) -> Text:
    said = {
        "done": ("did it by hand", "gjorde det i hånden"),
        "not-done": ("did not do it by hand", "gjorde det ikke i hånden"),
    }[event.result]
    noted = (f"; noted: {event.note}", f"; noteret: {event.note}") if event.note else ("", "")
    yes = ", ".join(event.approved_by)
    approved = (
        (f"; yes from {yes} on paper, UNVERIFIED", f"; ja fra {yes} på papir, UBEKRÆFTET")
        if yes
        else ("", "")
    )
    signed = ("", "") if event.signed is None else (", who signed for that", ", som skrev under på det")
    typed = (
        f" (typed in from paper by {event.typed_by}{signed[0]})",
        f" (tastet ind fra papir af {event.typed_by}{signed[1]})",
    )
    english, danish = (f"{event.step}: {event.by} {said[n]}{noted[n]}{approved[n]}{typed[n]}" for n in (0, 1))
    return Text(en=english, da=danish)
