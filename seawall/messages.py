"""What is said to people, in Danish and English, and the mark that no message of a drill can lose.

The mark is put on by whoever sends, from the run's own nature, never from what a runbook or template says.
"""

from __future__ import annotations

from seawall.model import Frozen, Text

MARK = "ØVELSE / EXERCISE"


class Message(Frozen):
    """A subject and a body, each in Danish and English."""

    subject: Text
    body: Text


class Letter(Frozen):
    """A message as it leaves: one subject line and one body, Danish first and English below."""

    subject: str
    body: str


def letter(message: Message, *, exercise: bool) -> Letter:
    """Make what leaves from `message`. In an exercise, subject and body both begin with the mark.

    Line breaks in a subject become spaces, so that a subject cannot add mail headers.
    """
    subject = _both(message.subject, " / ")
    body = _both(message.body, "\n\n---\n\n")
    mark = f"{MARK}: " if exercise else ""
    return Letter(subject=mark + " ".join(subject.split()), body=(f"{MARK}\n\n" if exercise else "") + body)


def _both(text: Text, between: str) -> str:
    danish, english = text.in_("da"), text.in_("en")
    return danish if danish == english else f"{danish}{between}{english}"
