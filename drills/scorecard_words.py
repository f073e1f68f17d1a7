"""What the scorecard's forms say around the measured numbers, in English and Danish."""

from __future__ import annotations

from seawall.model import Language, Text

WORDS = {
    "scorecard": Text(en="Drill scorecard", da="Øvelsens resultat"),
    "verdict": Text(en="Verdict", da="Resultat"),
    "scenario": Text(en="Scenario", da="Scenarie"),
    "service": Text(en="Service", da="Tjeneste"),
    "without": Text(en="Without it", da="Uden den"),
    "stops-with-it": Text(en="Stops with it", da="Standser med den"),
    "held": Text(en="Held", da="Holdt"),
    "took": Text(en="took", da="varede"),
    "where": Text(en="Where", da="Hvor"),
    "lab": Text(en="the lab: two sites on one machine", da="laboratoriet: to steder på én maskine"),
    "users": Text(en="Users", da="Brugere"),
    "approvals": Text(en="Approvals", da="Godkendelser"),
    "by-script": Text(en="{who}, given at once by script", da="{who}, givet straks af et program"),
    "load": Text(
        en="{writers} writers, {rate} writes a second", da="{writers} skrivere, {rate} skrivninger i sekundet"
    ),
    "targets": Text(en="Measured against targets", da="Målt mod målene"),
    "what": Text(en="What", da="Hvad"),
    "measured": Text(en="Measured", da="Målt"),
    "target": Text(en="Target", da="Mål"),
    "kept": Text(en="kept", da="holdt"),
    "missed": Text(en="missed", da="ikke holdt"),
    "unknown": Text(en="not known", da="uvist"),
    "yes": Text(en="yes", da="ja"),
    "no": Text(en="no", da="nej"),
    "late": Text(en="late", da="for sent"),
    "rta": Text(en="Recovery time (RTA), from the disruption", da="Genopretning (RTA), fra forstyrrelsen"),
    "rta-declared": Text(en="Recovery time, from the declaration", da="Genopretning, fra erklæringen"),
    "rpa": Text(en="Data lost, in time (RPA)", da="Tabte data, i tid (RPA)"),
    "lost": Text(en="Acknowledged writes lost", da="Kvitterede skrivninger tabt"),
    "of": Text(en="of", da="af"),
    "expected-loss": Text(
        en="without evidence, as {who} expected ({seconds} s)",
        da="uden bevis, som {who} ventede ({seconds} s)",
    ),
    "refused": Text(en="Users were refused for", da="Brugere blev afvist i"),
    "slowest": Text(en="Slowest acknowledged write", da="Langsomste kvitterede skrivning"),
    "doubles": Text(en="Two primaries at once", da="To aktive databaser på én gang"),
    "unseen": Text(en="not seen for {span}", da="ikke set i {span}"),
    "set-by": Text(en="Targets set by {who} on {on}", da="Mål sat af {who} den {on}"),
    "not-approved": Text(
        en="It is not written down who approved these targets",
        da="Det er ikke skrevet ned, hvem der har godkendt målene",
    ),
    "no-targets": Text(en="No targets are set", da="Der er ingen mål"),
    "phases": Text(en="Where the time went", da="Hvor tiden blev af"),
    "peoples-part": Text(
        en="Waiting for people: {people}. Everything else: {machines}.",
        da="Ventetid på mennesker: {people}. Alt andet: {machines}.",
    ),
    "phase": Text(en="Phase", da="Fase"),
    "lasted": Text(en="Lasted", da="Varede"),
    "share": Text(en="Share", da="Andel"),
    "detect": Text(en="detect", da="opdage"),
    "decide": Text(en="decide", da="beslutte"),
    "execute": Text(en="execute", da="udføre"),
    "verify": Text(en="verify", da="efterprøve"),
    "expected": Text(en="What was expected", da="Hvad der var ventet"),
    "came-true": Text(en="Came true", da="Holdt stik"),
    "seen": Text(en="What was seen", da="Hvad der blev set"),
    "runs": Text(en="Runs", da="Kørsler"),
    "runbook": Text(en="Runbook", da="Runbook"),
    "outcome": Text(en="Outcome", da="Udfald"),
    "outcome-done": Text(en="done", da="udført"),
    "outcome-failed": Text(en="failed", da="mislykket"),
    "outcome-aborted": Text(en="stopped", da="standset"),
    "outcome-undone": Text(en="taken back", da="taget tilbage"),
    "outcome-refused": Text(en="refused", da="afvist"),
    "outcome-no-longer-holds": Text(en="the plan no longer held", da="planen holdt ikke længere"),
    "run": Text(en="Run", da="Kørsel"),
    "timeline": Text(en="What happened", da="Hvad der skete"),
    "time": Text(en="Time (UTC)", da="Tid (UTC)"),
    "after": Text(en="After the disruption", da="Efter forstyrrelsen"),
    "findings": Text(en="Findings", da="Fund"),
    "no-findings": Text(en="None", da="Ingen"),
    "not-proved": Text(en="What this does not prove", da="Hvad dette ikke beviser"),
    "evidence": Text(en="Evidence", da="Bevis"),
    "drill": Text(en="Drill", da="Øvelse"),
    "digest": Text(en="Scenario digest (SHA-256)", da="Scenariets kontrolsum (SHA-256)"),
    "clock": Text(en="Clock", da="Ur"),
    "clock-moved": Text(en="the wall clock moved by {span}", da="uret flyttede sig {span}"),
    "instants": Text(
        en="Counted from the ledger of acknowledged writes beside this page, never from step times.",
        da="Regnet ud fra fortegnelsen over kvitterede skrivninger ved siden af, aldrig fra trinnenes tider.",
    ),
    "gist-gone": Text(en="{service} was gone for {span}.", da="{service} var væk i {span}."),
    "gist-later": Text(
        en="{service} was gone for {refused}, and served again {span} after the disruption.",
        da="{service} var væk i {refused} og svarede igen {span} efter forstyrrelsen.",
    ),
    "gist-never": Text(
        en="{service} did not come back while the drill lasted.",
        da="{service} kom ikke tilbage, mens øvelsen varede.",
    ),
    "gist-unnoticed": Text(en="{service} refused nobody.", da="{service} afviste ingen."),
    "gist-lost": Text(
        en="{lost} of {of} acknowledged writes were lost.",
        da="{lost} af {of} kvitterede skrivninger gik tabt.",
    ),
    "gist-uncounted": Text(
        en="How many acknowledged writes were lost is not known.",
        da="Hvor mange kvitterede skrivninger der gik tabt, vides ikke.",
    ),
    "other-language": Text(en="På dansk", da="In English"),
}


def say(word: str, language: Language, **values: str) -> str:
    """Return what the scorecard says for `word`. Raises: KeyError when it has no such word."""
    return WORDS[word].in_(language).format(**values)
