"""The words that reports and screens share, in English and Danish; one word per concept, as in docs/glossary.md."""

from __future__ import annotations

from seawall.messages import MARK
from seawall.model import Text


def _both(en: str, da: str) -> Text:
    return Text(en=en, da=da)


VERDICTS = {
    "done": _both(
        "Done. Every step that was needed ended well.",
        "Udført. Alle nødvendige trin endte godt.",
    ),
    "failed": _both(
        "Failed. A step did not end well and nothing after it was begun; what was done before it still stands.",
        "Mislykket. Et trin endte ikke godt, og intet efter det blev begyndt; det, der var gjort før, står endnu.",
    ),
    "refused": _both(
        "Refused. A person said no, and nothing after that was begun; what was done before it still stands.",
        "Afvist. En person sagde nej, og intet derefter blev begyndt; det, der var gjort før, står endnu.",
    ),
    "done-skipped": _both(
        "Done, but for what a person left out. Every other step that was needed ended well.",
        "Udført, undtagen det, en person sprang over. Alle andre nødvendige trin endte godt.",
    ),
    "done-overridden": _both(
        "Done WITHOUT EVIDENCE: two people overrode it. Whether two servers took writes must be looked at.",
        "Udført UDEN BEVIS: to personer tilsidesatte det. Det må efterses, om to servere tog imod.",
    ),
    "no-longer-holds": _both(
        "Ended: the plan no longer held. The step that looked began nothing; what was done before it still stands.",
        "Endt: planen holdt ikke længere. Trinnet, der så efter, begyndte intet; det, der var gjort før, står endnu.",
    ),
    "refused-unbegun": _both(
        "Refused. Another run held what this one wanted; nothing of it was begun.",
        "Afvist. En anden kørsel optog det, denne ville have; intet af den blev begyndt.",
    ),
    "aborted": _both(
        "Aborted. A person stopped the run; what is listed below still stands or is not known.",
        "Afbrudt. En person standsede kørslen; det, der er nævnt nedenfor, står endnu eller er uvist.",
    ),
    "aborted-clean": _both(
        "Aborted. A person stopped the run; nothing that it changed is left.",
        "Afbrudt. En person standsede kørslen; intet, den har ændret, står tilbage.",
    ),
    "undone": _both(
        "Undone. A person stopped the run, and everything it had changed was taken back.",
        "Taget tilbage. En person standsede kørslen, og alt, den havde ændret, blev taget tilbage.",
    ),
}

OPEN = {
    "open": _both("Still open. The run has not ended.", "Ikke afsluttet. Kørslen er ikke endt."),
    "in doubt": _both(
        "Still open, and in doubt: a change was begun and its ending was not seen. A person must look and answer.",
        "Ikke afsluttet, og uvist: en ændring blev begyndt, og dens slutning blev ikke set. En person må svare.",
    ),
}

STANDS = {
    "not begun": _both("not begun", "ikke begyndt"),
    "waiting": _both("waiting", "venter"),
    "under way": _both("under way", "i gang"),
    "done": _both("done", "udført"),
    "not needed": _both("not needed", "ikke nødvendigt"),
    "skipped": _both("skipped", "sprunget over"),
    "overridden": _both("OVERRIDDEN", "TILSIDESAT"),
    "failed": _both("failed", "mislykket"),
    "in doubt": _both("in doubt", "uvist"),
    "undoing": _both("undoing", "tages tilbage"),
    "undone": _both("undone", "taget tilbage"),
    "undo failed": _both("undo failed", "kunne ikke tages tilbage"),
    "undo in doubt": _both("undo in doubt", "uvist om taget tilbage"),
}

OUTCOMES = {
    "done": _both("done", "udført"),
    "failed": _both("failed", "mislykket"),
    "refused": _both("refused", "afvist"),
    "aborted": _both("aborted", "afbrudt"),
    "undone": _both("undone", "taget tilbage"),
    "no-longer-holds": _both("plan no longer holds", "planen holder ikke længere"),
    "open": _both("open", "ikke afsluttet"),
}

HEADINGS = {
    "rta": _both("Against the promise", "Mod det lovede"),
    "rta-in-all": _both("Away in all", "Væk i alt"),
    "rpa": _both("What was lost", "Hvad der gik tabt"),
    "report": _both("Report of run", "Rapport om kørsel"),
    "real": _both("REAL RUN", "VIRKELIG KØRSEL"),
    "exercise": _both(MARK, MARK),
    "exercise-says": _both(
        "This was an exercise. Nothing happened to a real service, unless the inventory it ran on is real.",
        "Dette var en øvelse. Intet skete for en virkelig tjeneste, medmindre fortegnelsen, den kørte på, er virkelig.",
    ),
    "facts": _both("At a glance", "Kort fortalt"),
    "outcome": _both("Outcome", "Udfald"),
    "runbook": _both("Runbook", "Indsatskort"),
    "with": _both("With", "Med"),
    "why": _both("Why", "Hvorfor"),
    "city": _both("City", "By"),
    "asked-by": _both("Started by", "Sat i gang af"),
    "began": _both("Began", "Begyndt"),
    "ended": _both("Ended", "Endt"),
    "took": _both("Took", "Varede"),
    "imported": _both("Carried out elsewhere, imported", "Udført et andet sted, hentet ind"),
    "of-which-people": _both("of which waiting for people", "heraf ventetid på mennesker"),
    "machines": _both("machines", "maskiner"),
    "times-note": _both(
        "These are the times of steps, as the journal has them. Recovery times are measured from outside, in a "
        "drill's scorecard.",
        "Dette er trinenes tider, som journalen har dem. Genopretningstider måles udefra, i øvelsens resultatkort.",
    ),
    "troubles": _both("What went wrong, and what to do about it", "Hvad gik galt, og hvad skal der gøres"),
    "no-troubles": _both("Nothing went wrong.", "Intet gik galt."),
    "left": _both("What still stands, or is not known", "Hvad står endnu, eller er uvist"),
    "steps": _both("Steps", "Trin"),
    "more-steps": _both(
        "Steps not shown here (they are in the Markdown and in the JSON)",
        "Trin, der ikke er vist her (de står i Markdown og i JSON)",
    ),
    "more-events": _both(
        "Events not shown here (they are in the Markdown and in the JSON)",
        "Hændelser, der ikke er vist her (de står i Markdown og i JSON)",
    ),
    "step": _both("Step", "Trin"),
    "stand": _both("Stands", "Står"),
    "what-it-saw": _both("What was seen", "Hvad blev set"),
    "when": _both("When", "Hvornår"),
    "who": _both("Who", "Hvem"),
    "what": _both("What happened", "Hvad skete"),
    "changes": _both("changes the world", "ændrer verden"),
    "reads": _both("only reads", "læser kun"),
    "approved-by": _both("approved by", "godkendt af"),
    "people": _both("What people said", "Hvad mennesker sagde"),
    "nobody": _both(
        "Nobody was asked, and nobody said anything.", "Ingen blev spurgt, og ingen sagde noget."
    ),
    "timeline": _both("Everything, in order", "Alt, i rækkefølge"),
    "evidence": _both("How this can be checked", "Hvordan dette kan efterprøves"),
    "run": _both("Run", "Kørsel"),
    "plan-digest": _both("Digest of the plan (SHA-256)", "Planens fingeraftryk (SHA-256)"),
    "journal-head": _both("Hash of the journal's last line", "Hash af journalens sidste linje"),
    "journal-lines": _both("Lines in the journal", "Linjer i journalen"),
    "erased": _both("of which erased when their time was up", "heraf slettet, da tiden var omme"),
    "made": _both("Report made", "Rapport lavet"),
    "remedy": _both("What to do", "Hvad skal gøres"),
    "acted-yes": _both("The world was changed all the same.", "Verden blev ændret alligevel."),
    "acted-no": _both("Nothing was changed by it.", "Intet blev ændret af det."),
    "acted-unknown": _both(
        "It is not known whether anything was changed.", "Det er uvist, om noget blev ændret."
    ),
    "afterwards": _both("Afterwards", "Bagefter"),
    "no-way-back": _both("no way back", "ingen vej tilbage"),
    "takes-back": _both("taken back by", "tages tilbage med"),
    "attempts": _both("attempts", "forsøg"),
    "limit": _both("limit", "frist"),
}
