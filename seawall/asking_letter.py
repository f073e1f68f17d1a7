"""The letter to whoever is asked next when nobody answered: what it is about, by when, and how to answer.

The commands stand on lines of their own, to be copied. In an exercise it begins with the mark, as every message does.
"""

from __future__ import annotations

from datetime import datetime, tzinfo

from seawall.messages import Letter, Message, letter
from seawall.model import Language, Text

_SUBJECT = Text(en="You are asked: {does}", da="Du bliver spurgt: {does}")
_BODY = Text(
    en="""{why} You are asked now, until {until}.

What: {does}
Run: {run} ({title})
Step: {step}

{how}
If you cannot, say so at once; the next is asked then:

    seawall answer {run} {step} cannot --as {whom}

The whole run: seawall show {run}""",
    da="""{why} Nu bliver du spurgt, indtil {until}.

Hvad: {does}
Kørsel: {run} ({title})
Trin: {step}

{how}
Kan du ikke, så sig det straks; så spørges den næste:

    seawall answer {run} {step} cannot --as {whom}

Hele kørslen: seawall show {run}""",
)
_HOW = {
    "person": Text(
        en="""Say that you have it, and then that it is done:

    seawall answer {run} {step} have-it --as {whom}
    seawall answer {run} {step} done --as {whom}
""",
        da="""Sig, at du har den, og derefter, at det er gjort:

    seawall answer {run} {step} have-it --as {whom}
    seawall answer {run} {step} done --as {whom}
""",
    ),
    "approval": Text(
        en="""Look at the run first, then say yes or no:

    seawall show {run}
    seawall {yes} --as {whom}
    seawall answer {run} {step} no --as {whom} --why "..."
""",
        da="""Se på kørslen først, og sig så ja eller nej:

    seawall show {run}
    seawall {yes} --as {whom}
    seawall answer {run} {step} no --as {whom} --why "..."
""",
    ),
}
_WHY = {
    "late": Text(en="{before} did not answer in time.", da="{before} svarede ikke i tide."),
    "cannot": Text(en="{before} cannot.", da="{before} kan ikke."),
}


def asking_letter(
    *,
    whom: str,
    what: str,
    because: str,
    before: str,
    until: datetime,
    run: str,
    step: str,
    does: Text,
    title: Text,
    exercise: bool,
    zone: tzinfo,
    language: Language | None,
    signed: bool = False,
) -> Letter:
    """Write the letter.

    Args:
        whom: the name that the person stands under.
        what: `person` for a step to do, `approval` for a yes.
        because: why they are asked: `late` or `cannot`, said of `before`.
        before: who was asked before them.
        until: by when; after it the next is asked.
        run: its name.
        step: its name.
        does: what the step is.
        title: what the run is for.
        exercise: whether the run is one.
        zone: the city's clock.
        language: what the person reads; None for Danish first and English below.
        signed: whether a yes counts only when it is signed.
    """
    yes = f"approve {run} {step}" if signed else f"answer {run} {step} yes"

    def said(text: Text, one: Language) -> str:
        return text.in_(one).format(
            why=_WHY[because].in_(one).format(before=before),
            how=_HOW[what].in_(one).format(run=run, step=step, whom=whom, yes=yes),
            until=until.astimezone(zone).strftime("%H.%M" if one == "da" else "%H:%M"),
            does=does.in_(one),
            title=title.in_(one),
            run=run,
            step=step,
            whom=whom,
        )

    def both(text: Text) -> Text:
        if language is not None:
            return Text(en=said(text, language))
        return Text(en=said(text, "en"), da=said(text, "da"))

    return letter(Message(subject=both(_SUBJECT), body=both(_BODY)), exercise=exercise)
