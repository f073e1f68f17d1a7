"""The words of a status page, in Danish and English, for people who are no engineers."""

from __future__ import annotations

from seawall.messages import MARK
from seawall.model import Text


def _both(en: str, da: str) -> Text:
    return Text(en=en, da=da)


def by(who: Text) -> Text:
    """Say who carries a step out."""
    return _both(f"Done by {who.en}", f"Gøres af {who.in_('da')}")


def yes_from(who: Text) -> Text:
    """Say whose yes a step waits for."""
    return _both(f"Waits for a yes from {who.en}", f"Venter på et ja fra {who.in_('da')}")


TAKING_BACK = _both("Is being taken back", "Tages tilbage")
NOT_ALL = _both("but not all of them could be reached", "men ikke alle kunne nås")

TROUBLES = {
    "refused": _both("Somebody said no to", "Der blev sagt nej til"),
    "failed": _both("Did not succeed", "Lykkedes ikke"),
    "in doubt": _both("Not known whether it happened", "Uvist, om det er sket"),
    "overridden": _both("Not seen; two people went on without it", "Ikke set; to personer gik videre uden"),
    "undone": _both("Was taken back", "Blev taget tilbage"),
    "undo failed": _both("Could not be taken back", "Kunne ikke tages tilbage"),
    "undo in doubt": _both("Not known whether it was taken back", "Uvist, om det blev taget tilbage"),
}

KINDS = {
    "real": _both("REAL, not an exercise", "VIRKELIG HÆNDELSE, ikke en øvelse"),
    "exercise": _both(MARK, MARK),
}

EXERCISE = _both(
    "This is an exercise. Nothing here is about a real event; do nothing because of this page.",
    "Dette er en øvelse. Intet her handler om en virkelig hændelse; gør intet på grund af denne side.",
)

WORK = {
    "under-way": _both("Work on it is under way.", "Der arbejdes på det."),
    "waits": _both("The work waits for {who}.", "Arbejdet venter på {who}."),
    "halted": _both(
        "The work stands still: nobody carries it on right now.",
        "Arbejdet står stille: ingen fører det videre lige nu.",
    ),
    "doubt": _both(
        "It is not known whether one step succeeded. That is being found out before anything more is done.",
        "Det er uvist, om et skridt lykkedes. Det bliver undersøgt, før der gøres mere.",
    ),
    "done": _both("The work is finished.", "Arbejdet er gjort færdigt."),
    "failed": _both(
        "The work has stopped: one part of it did not succeed.",
        "Arbejdet er standset: en del af det lykkedes ikke.",
    ),
    "refused": _both("The work has stopped: somebody said no.", "Arbejdet er standset: nogen sagde nej."),
    "stopped": _both("The work was broken off.", "Arbejdet blev afbrudt."),
    "taken-back": _both(
        "The work was broken off, and what it had changed was taken back.",
        "Arbejdet blev afbrudt, og det, som det havde ændret, blev taget tilbage.",
    ),
}

HEADLINES = {
    "checked": _both(
        "{services}: in order when we looked at {at}", "{services}: i orden, da vi så efter {at}"
    ),
    "down": _both(
        "{services}: does not work, seen from outside at {at}", "{services}: virker ikke, set udefra {at}"
    ),
    "up": _both("{services}: worked when we looked at {at}", "{services}: virkede, da vi så efter {at}"),
    "expect": _both("{services}: expect that it does not work", "{services}: regn med, at det ikke virker"),
    "unknown": _both("{services}: we do not know whether it works", "{services}: vi ved ikke, om det virker"),
}

PROMISES = {
    "next": _both(
        "by {at} at the latest, and whenever something changes.", "senest {at}, og så snart noget ændrer sig."
    ),
    "stale": _both(
        "If you read this after {at}, it is out of date: {ask}.",
        "Læser du dette efter {at}, er det forældet: {ask}.",
    ),
    "over": _both(
        "none is promised; this page stays as it was at {at}. To know how it is now: {ask}.",
        "ingen er lovet; siden bliver, som den var {at}. Vil du vide, hvordan det er nu: {ask}.",
    ),
    "ring": _both("ring {number}", "ring {number}"),
    "ask": _both("ask where you got it from", "spørg dér, hvor du har den fra"),
}

HEADINGS = {
    "next-update": _both("Next update", "Næste opdatering"),
    "without": _both("What citizens cannot do", "Hvad borgerne ikke kan"),
    "without-pretended": _both(
        "What we pretend citizens cannot do", "Hvad vi lader, som om borgerne ikke kan"
    ),
    "without-if": _both(
        "What citizens cannot do if it does not work", "Hvad borgerne ikke kan, hvis det ikke virker"
    ),
    "without-then": _both(
        "What citizens may not have been able to do", "Hvad borgerne måske ikke har kunnet"
    ),
    "since": _both("Since", "Siden"),
    "instead": _both("Instead", "I stedet"),
    "because": _both("Because it leans on {service}", "Fordi det bygger på {service}"),
    "now": _both("What is being done now", "Hvad der gøres nu"),
    "now-nothing": _both("Nothing just now.", "Ikke noget lige nu."),
    "checks": _both("Whether it works again", "Om det virker igen"),
    "troubles": _both("What did not go as it should", "Hvad der ikke gik, som det skulle"),
    "done": _both("What has been done", "Hvad der er gjort"),
    "done-nothing": _both("Nothing yet.", "Ikke noget endnu."),
    "told": _both("Who has been told", "Hvem der har fået besked"),
    "told-nobody": _both("Nobody yet by this run.", "Ingen endnu fra denne kørsel."),
    "others": _both("Also under way, or lately ended", "Også i gang, eller lige afsluttet"),
    "about": _both("About this page", "Om denne side"),
}

SENTENCES = {
    "since": _both("not measured.", "ikke målt."),
    "since-seen": _both("{at}, seen from outside.", "{at}, set udefra."),
    "since-up": _both("not measured; last seen to work {at}.", "ikke målt; sidst set at virke {at}."),
    "seen-up": _both(
        "seen to work {at}; the work may still interrupt it.",
        "set at virke {at}; arbejdet kan stadig afbryde det.",
    ),
    "began": _both("The work began {at}.", "Arbejdet begyndte {at}."),
    "not-written": _both(
        "What citizens cannot do without it is not written down.",
        "Hvad borgerne ikke kan uden, er ikke skrevet ned.",
    ),
    "nothing-instead": _both(
        "what to do instead is not written down", "hvad man kan gøre i stedet, er ikke skrevet ned"
    ),
    "copies": _both(
        "This is about backups of {services}. No service is stopped or changed by it.",
        "Dette handler om sikkerhedskopier af {services}. Ingen tjeneste standses eller ændres af det.",
    ),
    "unsaid": _both(
        "Which of citizens' services this touches is not said in its plan.",
        "Hvilke af borgernes tjenester dette berører, fremgår ikke af planen.",
    ),
    "only-reads": _both("It only looks and changes nothing.", "Der ses kun efter; intet ændres."),
    "nobody-looked": _both(
        "This run does not look whether the service works for citizens. That is not known.",
        "Denne kørsel ser ikke efter, om tjenesten virker for borgerne. Det er uvist.",
    ),
    "not-looked": _both("Not seen yet", "Endnu ikke set"),
    "looked": _both("Seen {at}", "Set {at}"),
    "dragged-unseen": _both(
        "The services that lean on it were not looked at one by one. If one does not work for you, do as it says here.",
        "De tjenester, der bygger på det, er ikke set efter hver for sig. Virker en ikke, så gør, som der står her.",
    ),
    "more": _both("and {count} more", "og {count} mere"),
    "written": _both(
        "Written by Seawall {at} ({zone}) from the journal of run {run}.",
        "Skrevet af Seawall {at} ({zone}) ud fra journalen for kørsel {run}.",
    ),
    "reason": _both("Why:", "Hvorfor:"),
}
