"""The letter to those who answer for the city's readiness, when somebody broke the glass: what, who, why.

In an exercise it begins with the mark, as every message does.
"""

from __future__ import annotations

from seawall.messages import Letter, Message, letter
from seawall.model import Language, Text

REVIEWER = "dr-manager"
"""The role that is told; where nobody has it, the others who could have said yes are."""
_SUBJECT = Text(en="The glass was broken: {does}", da="Glasset er slået i stykker: {does}")
_BODY = Text(
    en="""{by} has opened a step alone, without the yeses that it asks for.

What: {does}
Why: {why}
Run: {run} ({title})
Step: {step}

Look at the run:

    seawall show {run}

When it is over, review it. {by} cannot; somebody else must:

    seawall review {run}""",
    da="""{by} har åbnet et trin alene, uden de ja'er, det kræver.

Hvad: {does}
Hvorfor: {why}
Kørsel: {run} ({title})
Trin: {step}

Se på kørslen:

    seawall show {run}

Når den er slut, skal den gennemgås. Det kan {by} ikke selv; en anden skal:

    seawall review {run}""",
)


def glass_letter(
    *,
    by: str,
    why: str,
    run: str,
    step: str,
    does: Text,
    title: Text,
    exercise: bool,
    language: Language | None,
) -> Letter:
    """Write the letter, in Danish and English below when `language` is None."""

    def said(text: Text, one: Language) -> str:
        return text.in_(one).format(
            by=by, why=why, run=run, step=step, does=does.in_(one), title=title.in_(one)
        )

    def both(text: Text) -> Text:
        if language is not None:
            return Text(en=said(text, language))
        return Text(en=said(text, "en"), da=said(text, "da"))

    return letter(Message(subject=both(_SUBJECT), body=both(_BODY)), exercise=exercise)
