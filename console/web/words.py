"""What the pages say around what journals hold, in Danish and English; words shared with reports are the reports'."""

from __future__ import annotations

from seawall.messages import MARK
from seawall.model import Language, Text
from seawall.report.words import HEADINGS, OUTCOMES
from seawall.run_list import Standing

LANGUAGES: tuple[Language, ...] = ("da", "en")


def _both(da: str, en: str) -> Text:
    return Text(en=en, da=da)


STANDINGS = {
    Standing.NOT_BEGUN: _both("ikke begyndt", "not begun"),
    Standing.UNDER_WAY: _both("i gang", "under way"),
    Standing.WAITS: _both("venter på et menneske", "waits for a person"),
    Standing.INTERRUPTED: _both("standset undervejs; ingen fører den", "interrupted; nobody drives it"),
    Standing.ENDED: _both("afsluttet", "ended"),
    Standing.UNREADABLE: _both("kan ikke læses", "cannot be read"),
}

WORDS = {
    "history": _both("Kørsler og øvelser", "Runs and drills"),
    "console": _both("Seawall, kørselshistorie", "Seawall, run history"),
    "skip": _both("Spring til indholdet", "Skip to the content"),
    "other-language": _both("In English", "På dansk"),
    "menu": _both("Sider", "Pages"),
    "as-of": _both("Som det stod", "As it stood"),
    "refresh": _both("Opdatér", "Refresh"),
    "refresh-self": _both("Opdatér selv hvert 30. sekund", "Refresh by itself every 30 seconds"),
    "refreshes": _both(
        "Siden opdaterer sig selv hvert {every}. sekund.", "This page refreshes itself every {every} seconds."
    ),
    "refresh-stop": _both("Hold op med det", "Stop that"),
    "read-only": _both(
        "Her kan kun læses. Alt står i kørslernes journaler; intet på disse sider kan ændre noget.",
        "Read only. Everything comes from the runs' journals; nothing on these pages can change anything.",
    ),
    "newest-first": _both("Nyeste først", "Newest first"),
    "began": _both("Begyndte", "Began"),
    "what-for": _both("Hvad og for hvem", "What, and for which service"),
    "ended-how": _both("Hvordan den endte", "How it ended"),
    "how-long": _both("Hvor længe, mod målet", "How long, against its target"),
    "service": _both("Tjeneste", "Service"),
    "any-service": _both("Alle tjenester", "Every service"),
    "kind": _both("Slags", "Kind"),
    "any-kind": _both("Alle slags", "Every kind"),
    "ended": _both("Endt", "Ended"),
    "any-end": _both("Uanset hvordan", "However"),
    "filter": _both("Vis", "Show"),
    "filters": _both("Vælg, hvad der vises", "Choose what is shown"),
    "all": _both("Vis alt", "Show everything"),
    "older": _both("Ældre", "Older"),
    "newest": _both("Til de nyeste", "To the newest"),
    "further-back": _both("Søg længere tilbage", "Search further back"),
    "searched": _both("{count} er set igennem hertil.", "{count} were looked through so far."),
    "pages": _both("Bladre", "Paging"),
    "real": HEADINGS["real"],
    "exercise": _both(MARK, MARK),
    "drill": _both(f"{MARK}: øvelse med måling", f"{MARK}: measured drill"),
    "unknown": _both("UKENDT SLAGS", "OF UNKNOWN KIND"),
    "kind-real": _both("Virkelige kørsler", "Real runs"),
    "kind-exercise": _both("Kørsler som øvelse", "Runs as an exercise"),
    "kind-drill": _both("Øvelser med måling", "Measured drills"),
    "ended-well": _both("Endte godt", "Ended well"),
    "ended-not-well": _both("Endte ikke godt", "Did not end well"),
    "ended-open": _both("Ikke afsluttet", "Not ended"),
    "ended-unreadable": _both("Kan ikke læses", "Cannot be read"),
    "waits-for": _both("venter på {role}", "waits for {role}"),
    "no-result": _both(
        "intet resultat endnu: i gang, eller afbrudt udefra",
        "no result yet: under way, or killed from outside",
    ),
    "target": _both("mål: {rto}", "target: {rto}"),
    "promised": _both("leverandørens løfte: {rto}", "supplier's promise: {rto}"),
    "no-target": _both("intet mål sat", "no target set"),
    "took": _both("varede {span}", "took {span}"),
    "open-for": _both("åben i {span}", "open for {span}"),
    "not-measured": _both("genopretningstid ikke målt", "recovery time not measured"),
    "away": _both("tjenesten var væk {span}", "the service was away {span}"),
    "unnoticed": _both("tjenesten var ikke væk", "the service was not away"),
    "kept": _both("målet holdt", "target kept"),
    "missed": _both("målet ikke holdt", "target missed"),
    "rta-unknown": _both("genopretningstid uvis", "recovery time not known"),
    "nothing-yet": _both(
        "Der er ingen kørsler og ingen øvelser endnu.", "There are no runs and no drills yet."
    ),
    "nothing-yet-remedy": _both(
        "De kommer af sig selv, når den tekniske vagt begynder en kørsel eller holder en øvelse:",
        "They appear by themselves when the engineer on call begins a run or holds a drill:",
    ),
    "nothing-found": _both("Ingen kørsel og ingen øvelse er sådan.", "No run and no drill is like that."),
    "nothing-older": _both("Der er ingen, der er ældre.", "There are none that are older."),
    "nothing-here": _both(
        "Ingen af dem, der er set igennem, er sådan.", "None of those that were looked through is like that."
    ),
    "now": _both("Lige nu", "Now"),
    "nobody-asked": _both("Ingen bliver spurgt om noget.", "Nobody is asked anything."),
    "until": _both("svar ønskes inden", "an answer is wanted by"),
    "since": _both("siden", "since"),
    "step-under-way": _both("er i gang siden", "has been under way since"),
    "limit": _both("frist", "limit"),
    "put-aside": _both("Sagt, og tæller ikke", "Said, and does not count"),
    "put-aside-means": _both(
        "Nogen har sagt det til kørslen, og det blev lagt til side. Det har intet ændret.",
        "Somebody said this to the run, and it was put aside. It has changed nothing.",
    ),
    "interrupted": _both(
        "Ingen fører denne kørsel. Hvad der var i gang, er uvist, til nogen tager den op igen.",
        "Nobody drives this run. What was under way is not known until somebody takes it up again.",
    ),
    "not-begun": _both(
        "Kørslen er åbnet, og intet er begyndt.", "The run was opened, and nothing has begun."
    ),
    "tell-engineer": _both("Teknikeren på vagt skriver:", "The engineer on call types:"),
    "at-a-glance": HEADINGS["facts"],
    "stands": _both("Står", "Stands"),
    "without-it": _both("Uden den", "Without it"),
    "instead": _both("I stedet", "Instead"),
    "lasted": _both("Varede", "Took"),
    "open-now": _both("Åben i", "Open for"),
    "of-which-people": HEADINGS["of-which-people"],
    "recovery": _both("Genopretningstid", "Recovery time"),
    "recovery-of-run": _both(
        "ikke målt; den måles udefra, i øvelser", "not measured; it is measured from outside, in drills"
    ),
    "recovery-target": _both("Mål (RTO)", "Target (RTO)"),
    "started-by": HEADINGS["asked-by"],
    "imported": HEADINGS["imported"],
    "runbook": HEADINGS["runbook"],
    "why": HEADINGS["why"],
    "of-drill": _both("Del af øvelsen", "Part of the drill"),
    "left": _both("Hvad står endnu, eller er uvist", "What still stands, or is not known"),
    "changed": _both("Hvad er ændret indtil nu", "What has been changed so far"),
    "nothing-left": _both("Intet.", "Nothing."),
    "troubles": HEADINGS["troubles"],
    "no-troubles": HEADINGS["no-troubles"],
    "remedy": HEADINGS["remedy"],
    "timeline": _both("Forløbet", "Timeline"),
    "timeline-caption": _both(
        "Trinene i planens rækkefølge, med tider fra journalen",
        "The steps in the plan's order, with the journal's times",
    ),
    "what": _both("Hvad", "What"),
    "when": HEADINGS["when"],
    "who": HEADINGS["who"],
    "seawall": _both("Seawall", "Seawall"),
    "approved": _both("godkendt af {who} ({role})", "approved by {who} ({role})"),
    "wants-approval": _both("skal godkendes af: {role}", "to be approved by: {role}"),
    "more-steps": HEADINGS["more-steps"],
    "more-events": HEADINGS["more-events"],
    "people": HEADINGS["people"],
    "nobody": HEADINGS["nobody"],
    "everything": _both("Alt, i rækkefølge", "Everything, in order"),
    "show-everything": _both("Vis alle {count} hændelser", "Show all {count} events"),
    "sheets-to-print": _both(
        "To ark til byens ledelse, til udskrift", "Two sheets for the city's leadership, to print"
    ),
    "to-print": _both("Hele rapporten til udskrift", "The whole report to print"),
    "card-to-print": _both("Resultatkort til udskrift", "Scorecard to print"),
    "cannot-be-read": _both("Denne kørsel kan ikke læses", "This run cannot be read"),
    "cannot-be-read-drill": _both("Denne øvelse kan ikke læses", "This drill cannot be read"),
    "cannot-be-read-why": _both(
        "Intet er gættet i stedet. Vis dette til teknikeren på vagt:",
        "Nothing was guessed instead. Show this to the engineer on call:",
    ),
    "problem": _both("Hvad", "What"),
    "where": _both("Hvor", "Where"),
    "no-result-page": _both(
        "Øvelsen har ikke skrevet noget resultat: den er i gang, eller den blev afbrudt udefra.",
        "The drill has written no result: it is under way, or it was killed from outside.",
    ),
    "run-of-drill": _both("Kørsler i øvelsen", "Runs of the drill"),
    "city-problem": _both(
        "Byens fortegnelse kan ikke læses lige nu; navne og mål kan mangle eller være gamle.",
        "The city's inventory cannot be read just now; names and targets may be missing or old.",
    ),
    "freeze": _both("Frys", "Freeze"),
    "frozen-by": _both("FROSSET af {by} siden", "FROZEN by {by} since"),
    "frozen-means": _both(
        "Det, Seawall ville gøre af sig selv, begynder ikke: planlagte efterprøvninger og øvelser, og kørsler, der"
        " skulle tages op igen. Det, mennesker sætter i gang, går videre; det, der er i gang, bliver ikke standset.",
        "What Seawall would do by itself does not begin: scheduled verifications and drills, and runs that would be"
        " taken up again. What people start goes on, and what is under way is not stopped.",
    ),
    "frozen-lift": _both(
        "Kun et navngivet menneske tør det op, på en hvilken som helst af byens maskiner:",
        "Only a named person lifts it, on any of the city's machines:",
    ),
    "frozen-name": _both("NAVN", "NAME"),
    "frozen-untold": _both(
        "Det kan ikke siges, om der er et frys; så begynder intet af sig selv.",
        "It cannot be told whether there is a freeze; nothing begins by itself then.",
    ),
    "404": _both("Den side findes ikke", "There is no such page"),
    "404-remedy": _both(
        "Adressen kan være skrevet forkert, eller kørslen er flyttet til arkivet.",
        "The address may be mistyped, or the run was moved to an archive.",
    ),
    "400": _both(
        "Adressen siger noget, siden ikke kender", "The address says something this page does not know"
    ),
    "400-remedy": _both(
        "Vælg i formularen på forsiden i stedet.", "Choose in the form on the front page instead."
    ),
    "405": _both("Her kan kun læses", "This can only be read"),
    "405-remedy": _both(
        "Siderne svarer kun på GET og HEAD. Intet blev ændret.",
        "These pages answer GET and HEAD only. Nothing was changed.",
    ),
    "500": _both("Siden kunne ikke laves", "The page could not be made"),
    "500-remedy": _both(
        "Fejlen er i Seawall, ikke i kørslen, og intet blev ændret. Prøv igen; "
        "teknikeren på vagt finder mere, hvor konsollen blev startet.",
        "The mistake is in Seawall and not in the run, and nothing was changed. Try again; "
        "the engineer on call finds more where the console was started.",
    ),
    "back": _both("Til alle kørsler og øvelser", "To all runs and drills"),
}


def say(word: str, language: Language, **values: object) -> str:
    """Return what the pages say for `word`. Raises: KeyError when they have no such word."""
    return WORDS[word].in_(language).format(**values)


def standing(one: Standing, language: Language) -> str:
    """Say how a run that has not ended stands."""
    return STANDINGS[one].in_(language)


def outcome(name: str, language: Language) -> str:
    """Say how a run ended."""
    return OUTCOMES[name].in_(language)
