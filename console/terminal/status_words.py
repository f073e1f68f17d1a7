"""What `seawall status` says, in English and Danish; a coordinator reads it too."""

from __future__ import annotations

from console.terminal.screen import words
from seawall.model import Text


def said(text: Text, **fields: object) -> str:
    """Return a text in this terminal's language, with what it is about put in."""
    return words(text).format(**fields)


def _both(en: str, da: str) -> Text:
    return Text(en=en, da=da)


DOWN = _both("DOWN", "NEDE")
UNKNOWN = _both("UNKNOWN", "UKENDT")
UP = _both("up", "oppe")
REAL = _both("REAL", "VIRKELIG")
OVERDUE = _both("LATE", "FORSINKET")
BADLY = _both("NOT WELL", "FEJLET")

CONDITIONS = {
    "up": UP,
    "down": _both("down", "nede"),
    "unknown": _both("unknown", "ukendt"),
}
STANDINGS = {
    "not begun": _both("not begun; nobody drives it", "ikke begyndt; ingen driver den"),
    "under way": _both("under way", "i gang"),
    "waits for a person": _both("waits for a person", "venter på et menneske"),
    "interrupted": _both("interrupted; nobody drives it", "afbrudt midtvejs; ingen driver den"),
    "cannot be read": _both("cannot be read", "kan ikke læses"),
}
WAITS = {
    "approval": _both("{step} waits for {people} from {of}", "{step} venter på {people} fra {of}"),
    "person": _both("{step} is for {of} to do", "{step} skal udføres af {of}"),
    "doubt": _both(
        "{step} is IN DOUBT: did it happen? {of} must say", "{step} er UVIST: skete det? {of} må svare"
    ),
    "undo-doubt": _both(
        "{step}: was it taken back? {of} must say", "{step}: blev det taget tilbage? {of} må svare"
    ),
}
YES = _both("a yes", "et ja")
YESES = _both("{count} people's yes", "ja fra {count}")

HEADS = {
    "down": _both("Broken now", "I stykker nu"),
    "unknown": _both("Not known", "Ukendt nu"),
    "runs": _both("Open runs", "Åbne kørsler"),
    "schedules": _both("Schedules", "Faste kørsler"),
    "go-bags": _both("Go-bags", "Beredskabstasker"),
    "up": _both("Up", "Oppe"),
}
GOES_ON = _both(
    "What Seawall would do by itself stands still; what you start by hand goes on",
    "Det, Seawall ville gøre af sig selv, står stille; det, du selv sætter i gang, går videre",
)
SAYS = {
    "frozen": _both("FROZEN by {by} since {at}: {why}", "FROSSET af {by} siden {at}: {why}"),
    "thawed": _both("THAWED by {by} at {at}: {why}", "TØET OP af {by} {at}: {why}"),
    "freeze-untold": _both(
        "It cannot be told whether there is a freeze: {places} cannot be asked. Until then nothing runs by itself.",
        "Det kan ikke siges, om der er et frys: {places} kan ikke spørges. Indtil da kører intet af sig selv.",
    ),
    "freeze-told": _both(
        "Every place can be asked again whether there is a freeze.",
        "Hvert sted kan igen spørges, om der er et frys.",
    ),
    "review-owed": Text(
        en="REVIEW OWED since {at}: {by} broke the glass in {run}.",
        da="GENNEMGANG MANGLER siden {at}: {by} slog glasset i stykker i {run}.",
    ),
    "since": _both("since {at}, for {age}; seen {seen} ago", "siden {at}, i {age}; set for {seen} siden"),
    "without-it": _both("Without it", "Uden den"),
    "instead": _both("Instead", "I stedet"),
    "left": _both("{target} {whole}: {left} left", "{target} {whole}: {left} tilbage"),
    "over": _both("{target} {whole}: over by {left}", "{target} {whole}: overskredet med {left}"),
    "drags": _both("Drags along", "Trækker med sig"),
    "no-drags": _both("No other service needs it.", "Ingen anden tjeneste har brug for den."),
    "follows": _both(
        "for {age}, seen {seen} ago; needs {names}", "i {age}, set for {seen} siden; har brug for {names}"
    ),
    "supplier": _both("Telephone {telephone}: {by} runs it", "Telefon {telephone}: {by} driver den"),
    "no-telephone": _both(
        "Run by {by}; no telephone is written down", "Drives af {by}; ingen telefon er skrevet ned"
    ),
    "saw": _both("Seen", "Set"),
    "never": _both("never looked at", "aldrig set efter"),
    "untold": _both("looks could not tell: {saw}", "det kunne ikke ses: {saw}"),
    "was": _both("{was} when last seen, {age} ago", "{was}, da den sidst blev set for {age} siden"),
    "missed-once": _both("the last look missed it: {saw}", "det seneste blik ramte ikke: {saw}"),
    "missed": _both("{misses} looks in a row missed it: {saw}", "{misses} blik i træk ramte ikke: {saw}"),
    "no-probe": _both(
        "no `probe` in the inventory says how to look at it",
        "ingen `probe` i fortegnelsen siger, hvordan man ser efter den",
    ),
    "more": _both(
        "and {count} more: `seawall status --json` lists all",
        "og {count} til: `seawall status --json` viser alle",
    ),
    "nobody-looked": _both(
        "Nobody has looked at the services yet, so all {count} are unknown.",
        "Ingen har set efter tjenesterne endnu, så alle {count} er ukendte.",
    ),
    "nobody-watches": _both("Nobody watches the services now.", "Ingen holder øje med tjenesterne nu."),
    "watched": _both("{by} watches the services, since {at}.", "{by} holder øje med tjenesterne siden {at}."),
    "cut-off": _both(
        "All that were looked at are down at once: this machine may be cut off itself.",
        "Alt, der blev set efter, er nede på én gang: måske er det denne maskine, der er afskåret.",
    ),
    "ups": _both(
        "{count} of {whole}, the oldest look {age} ago", "{count} af {whole}, ældste blik for {age} siden"
    ),
    "no-ups": _both("none of {whole}", "ingen af {whole}"),
    "began": _both("{run}, by {by}, began {age} ago", "{run}, af {by}, begyndt for {age} siden"),
    "last-line": _both("last line {age} ago", "seneste linje for {age} siden"),
    "time-left": _both("{left} left", "{left} tilbage"),
    "time-over": _both("over by {left}", "overskredet med {left}"),
    "doubt": _both("In doubt: {steps}", "Uvist: {steps}"),
    "doubt-proof": _both(
        "Nobody is asked yet: `seawall resume` first looks at its proof ({proof}), and asks when that cannot tell.",
        "Ingen er spurgt endnu: `seawall resume` ser først på beviset ({proof}) og spørger, når det ikke kan sige det.",
    ),
    "doubt-no-proof": _both(
        "Nobody is asked yet: `seawall resume` asks.", "Ingen er spurgt endnu: `seawall resume` spørger."
    ),
    "stop": _both("Stop it", "Stands den"),
    "drill": _both(
        "a drill is under way ({drill}); what is broken may be broken by it.",
        "en øvelse er i gang ({drill}); det, der er i stykker, kan være ødelagt af den.",
    ),
    "no-runs": _both("No run is open.", "Ingen kørsel er åben."),
    "no-runs-yet": _both("There has been no run yet.", "Der har endnu ingen kørsel været."),
    "latest": _both(
        "The last one, {run}, ended {age} ago: {outcome}.",
        "Den seneste, {run}, endte for {age} siden: {outcome}.",
    ),
    "late": _both(
        "{name}: due {at} and not run, {age} late", "{name}: skulle være kørt {at}, {age} forsinket"
    ),
    "badly": _both(
        "{name}: the last one, {age} ago, did not end well ({last})",
        "{name}: den seneste, for {age} siden, endte ikke godt ({last})",
    ),
    "serve": _both("serve {saw}", "serve er ikke, som det skal være: se `seawall serve --check`"),
    "bag-none": _both("{path}: {why}", "{path}: {why}"),
    "bag-old": _both("{path}: {age} old, at most {good}", "{path}: {age} gammel, højst {good}"),
    "bag-changed": _both(
        "{path}: not what the city is today; changed since: {names}",
        "{path}: ikke som byen er i dag; ændret siden: {names}",
    ),
    "bag-well": _both("{path}: {age} old, as the city is", "{path}: {age} gammel, som byen er"),
    "on-duty": _both("{person}, on duty", "{person}, på vagt"),
    "instead-of": _both(" instead of {away}, who is away", " i stedet for {away}, som er væk"),
    "handover": _both(" until {at}", " til {at}"),
    "when-late": _both("; when late: {people}", "; ved forsinkelse: {people}"),
    "ask-now": _both("LATE. Ask now: {people}", "FORSINKET. Spørg nu: {people}"),
    "nobody-on-duty": _both("NOBODY IS ON DUTY", "INGEN HAR VAGT"),
    "outside-hours": _both("nobody, outside its hours", "ingen, uden for vagtens tid"),
    "may-act": _both("; {people} may act", "; {people} må handle"),
    "kept-by-nobody": _both("{names}: kept by nobody", "{names}: holdes af ingen"),
    "on-time": _both("{names}: as they should be", "{names}: som de skal være"),
    "well": _both("All is well, as far as it is watched.", "Alt er vel, så vidt der holdes øje."),
    "next": _both("Next: ", "Næste: "),
    "or": _both("  or: ", "  eller: "),
    "ring": _both("Ring {telephone}: {by}, about {name}.", "Ring {telephone}: {by}, om {name}."),
    "no-services": _both("The inventory names no service yet.", "Fortegnelsen nævner endnu ingen tjeneste."),
    "more-mistakes": _both(
        "and {count} more mistakes in the city's files: `seawall check` shows them",
        "og {count} fejl til i byens filer: `seawall check` viser dem",
    ),
}
