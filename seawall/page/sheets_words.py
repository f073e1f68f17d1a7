"""The words of the two sheets, in Danish and English, for those who answer for the city."""

from __future__ import annotations

from seawall.journal import Answered, Approved, ByHand
from seawall.model import Text


def _both(en: str, da: str) -> Text:
    return Text(en=en, da=da)


HEADINGS = {
    "report": _both("Report for the city's leadership", "Rapport til byens ledelse"),
    "happened": _both("What happened", "Hvad skete der"),
    "touched": _both("Whom it touched", "Hvem det berørte"),
    "long": _both("How long it took, against what was promised", "Hvor længe det varede, mod det lovede"),
    "lost": _both("What was lost", "Hvad der gik tabt"),
    "work": _both("What was done", "Hvad der blev gjort"),
    "decided": _both("Who decided what, and when", "Hvem besluttede hvad, og hvornår"),
    "troubles": _both("What did not go as it should", "Hvad der ikke gik, som det skulle"),
    "told": _both("Who was told", "Hvem der fik besked"),
    "again": _both("What we do so that it does not happen again", "Det gør vi, så det ikke sker igen"),
    "again-note": _both("Filled in by hand, at the review.", "Udfyldes i hånden ved gennemgangen."),
    "reviewed": _both("Reviewed by", "Gennemgået af"),
    "date": _both("Date", "Dato"),
    "checked-how": _both("How this can be checked", "Hvordan dette kan efterprøves"),
    "measured": _both("Measured", "Målt"),
    "promised": _both("Promised", "Lovet"),
    "verdict": _both("Kept?", "Holdt?"),
    "span": _both("What", "Hvad"),
    "part": _both("Part of the work", "Del af arbejdet"),
    "began": _both("Began", "Begyndt"),
    "took": _both("Took", "Varede"),
    "stands": _both("How it went", "Hvordan det gik"),
    "when": _both("When", "Hvornår"),
    "who": _both("Who", "Hvem"),
    "what": _both("What", "Hvad"),
    "by-when": _both("By when", "Inden"),
    "page-one": _both("Sheet 1 of 2", "Ark 1 af 2"),
    "page-two": _both("Sheet 2 of 2", "Ark 2 af 2"),
}

SENTENCES = {
    "began": _both(
        "On {day} at {hour} {who} started this: {title}.", "{day} {hour} satte {who} dette i gang: {title}."
    ),
    "exercise": _both(
        "It was an exercise. Nothing happened to a real service, unless the inventory it ran on is real.",
        "Det var en øvelse. Intet skete for en virkelig tjeneste, medmindre fortegnelsen, den kørte på, er virkelig.",
    ),
    "seen": _both(
        "At {hour} this was seen to hold: {check}.", "{hour} blev det set, at dette holdt: {check}."
    ),
    "unseen": _both(
        "The run did not see for itself that all was in order again.",
        "Kørslen så ikke selv, at alt var i orden igen.",
    ),
    "nobody-touched": _both(
        "No service of citizens is named in this run's plan.",
        "Ingen af borgernes tjenester er nævnt i denne kørsels plan.",
    ),
    "leans": _both(
        "These lean on it and may have been away too: {names}.",
        "Disse bygger på det og kan også have været væk: {names}.",
    ),
    "without": _both("While it is away", "Mens det er væk"),
    "not-written": _both("not written down", "ikke skrevet ned"),
    "from-disruption": _both(
        "From the disruption until it worked again, seen from outside",
        "Fra afbrydelsen, til det virkede igen, set udefra",
    ),
    "from-start": _both(
        "From the start of the work until it was seen to be in order",
        "Fra arbejdet begyndte, til det var set i orden",
    ),
    "as-promised": _both(
        "From where the promise counts until it was seen to be back",
        "Fra det, løftet regnes fra, til det var set tilbage",
    ),
    "lost-theirs": _both(
        "Not measured: {supplier} runs it, and nothing of ours is written there.",
        "Ikke målt: {supplier} driver det, og intet af vores skrives der.",
    ),
    "in-all": _both("The whole of the work", "Hele arbejdet"),
    "people": _both("of which waiting for people", "heraf ventetid på mennesker"),
    "not-measured": _both("not measured", "ikke målt"),
    "not-seen": _both("not seen to be in order", "ikke set i orden"),
    "kept": _both("yes", "ja"),
    "missed": _both("NO, {by} over", "NEJ, {by} over"),
    "cannot-tell": _both("cannot be told", "kan ikke siges"),
    "nothing-promised": _both("nothing promised", "intet lovet"),
    "lost-measured": _both(
        "{lost} of {all} confirmed entries were lost, counted from outside; promised: at most the last {rpo}.",
        "{lost} af {all} bekræftede indtastninger gik tabt, talt udefra; lovet: højst de sidste {rpo}.",
    ),
    "lost-unknown": _both(
        "Not measured: this run cannot tell whether anything entered is missing. Promised: at most the last {rpo}.",
        "Ikke målt: denne kørsel kan ikke sige, om noget indtastet mangler. Lovet: højst de sidste {rpo}.",
    ),
    "lost-nothing-promised": _both(
        "Not measured: this run cannot tell whether anything that was entered is missing.",
        "Ikke målt: denne kørsel kan ikke sige, om noget indtastet mangler.",
    ),
    "more": _both(
        "and {count} more; the full report has them all", "og {count} mere; den fulde rapport har dem alle"
    ),
    "parts": _both("{done} of {all} steps done", "{done} af {all} trin gjort"),
    "failed": _both(", {count} went wrong or is not known", ", {count} gik galt eller er uvist"),
    "nobody": _both(
        "Nobody was asked, and nobody decided anything on the way.",
        "Ingen blev spurgt, og ingen besluttede noget undervejs.",
    ),
    "no-troubles": _both("Nothing went wrong.", "Intet gik galt."),
    "told-nobody": _both("Nobody by this run.", "Ingen fra denne kørsel."),
    "left": _both(
        "Still stands, or is not known: {count} changes.", "Står endnu, eller er uvist: {count} ændringer."
    ),
    "check": _both(
        "Run {run}. The plan's digest begins {plan}, the journal's last hash {head}. Every event: "
        "`seawall report {run} --md`.",
        "Kørsel {run}. Planens fingeraftryk begynder {plan}, journalens sidste hash {head}. Hver hændelse: "
        "`seawall report {run} --md`.",
    ),
    "made": _both("Made by Seawall {version}, {at}.", "Lavet af Seawall {version}, {at}."),
}

DECISIONS = {
    "opened": _both("started the work", "satte arbejdet i gang"),
    "resumed": _both("took the work up again", "tog arbejdet op igen"),
    "approved": _both("said yes to: {does}", "sagde ja til: {does}"),
    "no": _both("said no to: {does}", "sagde nej til: {does}"),
    "happened": _both("confirmed: {does}", "bekræftede: {does}"),
    "did-not-happen": _both("said that it did not happen: {does}", "sagde, at det ikke skete: {does}"),
    "cannot": _both("could not: {does}", "kunne ikke: {does}"),
    "by-hand": _both("did by hand: {does}", "gjorde i hånden: {does}"),
    "not-by-hand": _both("did not do by hand: {does}", "gjorde ikke i hånden: {does}"),
    "abort-asked": _both("asked to stop", "bad om at standse"),
    "abort-undo": _both(
        "asked to stop and to take back what was done",
        "bad om at standse og tage tilbage, hvad der var gjort",
    ),
}


def decided_how(event: Approved | Answered | ByHand) -> str:
    """Return the key in `DECISIONS` of what a person said or did."""
    match event:
        case Approved():
            return "approved"
        case Answered():
            return event.answer
    return "by-hand" if event.result == "done" else "not-by-hand"
