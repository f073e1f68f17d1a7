"""The letter that only asks whether somebody can be reached. It says so first, in both languages, whatever follows."""

from __future__ import annotations

from seawall.messages import Letter
from seawall.model import Language, Text

TRIAL = "PRØVE / TEST"
"""What such a letter begins with, in subject and body. Danish and English, for whoever forwards it."""

_SUBJECT = Text(en="Can you be reached? From {city}'s Seawall", da="Kan du nås? Fra Seawall i {city}")
_BODY = Text(
    en="""This is a test. Nothing has happened, and you need do nothing.

Seawall tries whether you can be reached this way if it matters one day. {by} began the test; you stand as {whom}.

That this message arrived does not show anybody that you read it. Tell {by} that you did.""",
    da="""Dette er en prøve. Intet er sket, og du skal ikke gøre noget.

Seawall prøver, om du kan nås ad denne vej, hvis det en dag gælder. {by} satte prøven i gang; du står som {whom}.

At beskeden nåede frem, viser ingen, at du har læst den. Sig til {by}, at du har.""",
)


def trial_letter(*, city: Text, whom: str, by: str, language: Language | None) -> Letter:
    """Write the letter.

    Args:
        city: what the city is called.
        whom: the name that the person or audience stands under.
        by: who began the test.
        language: what the person reads; None for Danish first and English below.
    """
    languages: tuple[Language, ...] = ("da", "en") if language is None else (language,)
    filled = [
        (
            _SUBJECT.in_(one).format(city=city.in_(one)),
            _BODY.in_(one).format(by=by, whom=whom),
        )
        for one in languages
    ]
    subject = " / ".join(dict.fromkeys(subject for subject, _ in filled))
    body = "\n\n---\n\n".join(body for _, body in filled)
    return Letter(subject=" ".join(f"{TRIAL}: {subject}".split()), body=f"{TRIAL}\n\n{body}\n")
