"""What `show` and `pretend` say, in English and Danish, besides the words that they share with reports."""

from __future__ import annotations

import re

from console.terminal.screen import language
from seawall.model import Text


def _both(en: str, da: str) -> Text:
    return Text(en=en, da=da)


def say(key: str, **fields: object) -> str:
    """Return what is said for `key` in this terminal's language, with what it is about put in."""
    return SAYS[key].in_(language()).format(**fields)


SAYS = {
    "real": _both("REAL RUN", "VIRKELIG KØRSEL"),
    "for-real": _both("for real", "virkeligt"),
    "run": _both("run", "kørsel"),
    "stands": _both("stands", "står"),
    "began": _both("began", "begyndt"),
    "imported": _both("imported", "indlæst"),
    "with": _both("with", "med"),
    "nothing": _both("nothing", "intet"),
    "took": _both("{outcome}, took {span}", "{outcome}, varede {span}"),
    "open-for": _both("{outcome}, open for {span}", "{outcome}, åben i {span}"),
    "people": _both("people", "mennesker"),
    "people-took": _both(
        "only people were waited for: {people}; machines: {machines}",
        "ventetid på mennesker alene: {people}; maskiner: {machines}",
    ),
    "by": _both("{at}, by {by}", "{at}, af {by}"),
    "imported-by": _both(
        "{at}, by {by}, from {source}; its times are the real ones",
        "{at}, af {by}, fra {source}; dens tider er de rigtige",
    ),
    "over": _both("Steps: {over} of {all} over", "Trin: {over} af {all} slut"),
    "in-all": _both("In all: {counts}.", "I alt: {counts}."),
    "nobody-drives": _both(
        "Nobody drives it. {step} was under way; whether it happened is not known.",
        "Ingen driver den. {step} var i gang; om det er sket, er uvist.",
    ),
    "left": _both("Still stands, or is not known: {steps}", "Står endnu, eller er uvist: {steps}"),
    "changed": _both("Changed so far: {steps}", "Ændret hidtil: {steps}"),
    "late": _both("LATE. Ask now: {people}", "FORSINKET. Spørg nu: {people}"),
    "waits": _both("It waits for people", "Den venter på mennesker"),
    "until": _both("{what}, until {at}", "{what}, indtil {at}"),
    "wrong": _both("What went wrong, and what to do about it", "Hvad gik galt, og hvad skal der gøres"),
    "afterwards": _both("Afterwards: {what}.", "Bagefter: {what}."),
    "approved-by": _both("approved by {who}", "godkendt af {who}"),
    "of": _both("{spent} of {limit}", "{spent} af {limit}"),
    # Who a role is right now.
    "on-duty": _both("{person}, on duty", "{person}, på vagt"),
    "instead-of": _both(" instead of {away}, who is away", " i stedet for {away}, som er væk"),
    "handover": _both(" until {at}", " til {at}"),
    "when-late": _both("; when late: {people}", "; ved forsinkelse: {people}"),
    "put-aside": _both("Said, and does NOT count", "Sagt, og tæller IKKE"),
    "may-say": _both("who may say that it happened: {people}", "hvem der må sige, at det er sket: {people}"),
    "outside-hours": _both(
        "nobody, outside its hours; {people} may act", "ingen, uden for vagtens tid; {people} må handle"
    ),
    "nobody-on-duty": _both(
        "NOBODY IS ON DUTY{why}; {people} may act", "INGEN HAR VAGT{why}; {people} må handle"
    ),
    "is-away": _both(", {away} is away", ", {away} er væk"),
    # What is pretended.
    "pretended": _both("PRETENDED: {title}", "LADT SOM OM: {title}"),
    "untouched": _both(
        "Nothing is touched, nobody is told or asked, and no run is kept.",
        "Intet røres, ingen får besked eller bliver spurgt, og ingen kørsel gemmes.",
    ),
    "as": _both("as {mark}", "som {mark}"),
    "carried-out": _both(
        "It is carried out here as `seawall run` would do it {kind}, against a world that only pretends.",
        "Den udføres her, som `seawall run` ville gøre det {kind}, mod en verden, der kun lader som om.",
    ),
    "would-steps": _both(
        "Steps: {ran} would be done ({changing} change the world, {asked} wait for people), {skipped} will"
        " be skipped",
        "Trin: {ran} ville blive gjort ({changing} ændrer verden, {asked} venter på mennesker), {skipped}"
        " springes over",
    ),
    "more": _both("and {count} more; --json has them all", "og {count} til; --json har dem alle"),
    "no-facts": _both(
        "No fact was read: each counts as unknown, so that the real plan may differ. --facts reads them.",
        "Ingen kendsgerning blev læst: hver regnes for uvis, så den rigtige plan kan se anderledes ud."
        " --facts læser dem.",
    ),
    "seen": _both(
        "Really seen just now (reading changes nothing)", "Virkelig set lige nu (at læse ændrer intet)"
    ),
    "unknown-fact": _both("UNKNOWN: {problem}", "UVIST: {problem}"),
    "at-most": _both("at most {limit}", "højst {limit}"),
    "because": _both("because {why}", "fordi {why}"),
    "begins": _both("begins at most {limit} after the start", "begynder højst {limit} efter starten"),
    "nobody": _both("nobody in the inventory", "ingen i fortegnelsen"),
    "a-yes": _both("a yes", "et ja"),
    "yeses": _both("{people} people's yes", "ja fra {people} personer"),
    "asks": _both("asks {role} ({who}), at most {limit}", "spørger {role} ({who}), højst {limit}"),
    "waits-for": _both(
        "waits for {yes} from {role} ({who}), at most {limit}",
        "venter på {yes} fra {role} ({who}), højst {limit}",
    ),
    "cannot-know": _both("cannot be known before: {clause}", "kan ikke vides før: {clause}"),
    "back-by": _both("could be taken back by {uses}", "kunne tages tilbage med {uses}"),
    "no-way-back": _both("NO WAY BACK: {why}", "INGEN VEJ TILBAGE: {why}"),
    "by-limits": _both(
        "By its limits it would take at most {limit}{asks}.",
        "Efter sine frister ville den højst vare {limit}{asks}.",
    ),
    "people-more": _both(
        ", and {limit} more when people take all the time they have",
        ", og {limit} mere, når mennesker bruger al den tid, de har",
    ),
    "ends-well": _both(
        "It comes to its end if everything is as each step hopes. Whether it is, only the world knows.",
        "Den kommer til sin slutning, hvis alt er, som hvert trin håber. Om det er det, ved kun verden.",
    ),
    "ends-badly": _both(
        "Even in a world that does what it should, it does not come to its end:",
        "Selv i en verden, der gør, som den skal, kommer den ikke til sin slutning:",
    ),
    "waits-for-somebody": _both("it waits for somebody", "den venter på nogen"),
    "look": _both("would look", "ville se efter"),
    "change": _both("would CHANGE", "ville ÆNDRE"),
    "ask": _both("would ASK", "ville SPØRGE"),
    "perhaps": _both("perhaps", "måske"),
    "skip": _both("will be skipped", "springes over"),
    "secrets": _both(
        "Secrets that cannot be read here: {count}", "Hemmeligheder, der ikke kan læses her: {count}"
    ),
}

_DANISH = (
    (r"not so: (.*)", r"ikke så: \1"),
    (r"its `when` is false", "dens `when` er falsk"),
    (r"(.*) says that it happened(; noted: (.*))?", r"\1 siger, at det er sket"),
    (r"(.*) says that it did not happen", r"\1 siger, at det ikke er sket"),
    (r"done by hand by (.*?)(; noted: .*)?", r"gjort i hånden af \1\2"),
    (r"(.*) did not do it by hand", r"\1 gjorde det ikke i hånden"),
    (
        r"nobody answered, and the runbook goes on without it",
        "ingen svarede, og indsatskortet går videre uden det",
    ),
    (r"nobody answered", "ingen svarede"),
    (r"not in time: (.*)", r"ikke i tide: \1"),
    (r"left out when (.*) sees (.*)", r"udeladt, når \1 ser \2"),
    (r"(.*): what (.*) will have seen", r"\1: hvad \2 har set til den tid"),
    (
        r"whether the plan still holds right before it acts: (.*)",
        r"om planen stadig holder, lige før den handler: \1",
    ),
    (r"whether it is so already: (.*) sees (.*)", r"om det allerede er sådan: \1 ser \2"),
    (
        r"when (.*); if not within its limit, the run goes on",
        r"hvornår \1; hvis ikke inden for fristen, går kørslen videre",
    ),
    (
        r"when (.*); if not within its limit, the run stops",
        r"hvornår \1; hvis ikke inden for fristen, standser kørslen",
    ),
    (
        r"whether (.*); if not, the run stops, and goes on when that is unknown",
        r"om \1; hvis ikke, standser kørslen, og den går videre, når det er uvist",
    ),
    (r"whether (.*); if not, the run stops", r"om \1; hvis ikke, standser kørslen"),
    (r"whether (.*) says yes", r"om \1 siger ja"),
    (r"what (.*) finds", r"hvad \1 finder"),
    (r"(.*) saw (.*)", r"\1 så \2"),
)
"""Our own sentences that plans and journals hold in English; what machines said stays as they said it."""


_PREDICATES = re.compile(r"\b(at most|at least|one of|is not|is true|is false|is|and)\b")
_IN_DANISH = {
    "at most": "højst",
    "at least": "mindst",
    "one of": "en af",
    "is not": "er ikke",
    "is true": "er sand",
    "is false": "er falsk",
    "is": "er",
    "and": "og",
}
"""How a requirement reads: `in_recovery is true and lag at most 16 MB`. What it is about keeps its name."""


def _danish(match: re.Match[str]) -> str:
    return _IN_DANISH[match[1]]


def in_ours(said: str) -> str:
    """Return one of our own sentences out of a plan or journal in this terminal's language."""
    if language() == "en":
        return said
    for pattern, danish in _DANISH:
        if match := re.fullmatch(pattern, said):
            return _PREDICATES.sub(_danish, match.expand(danish)).replace("; noted: ", "; noteret: ")
    return said
