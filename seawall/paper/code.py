"""What stands in the square code on a paper, and under it in letters: of which run and plan the paper is."""

from __future__ import annotations

import re

from seawall.errors import BadInput

SHORT = 16
"""Characters of a digest that stand under the code, for typing: nobody types 64."""
LEAST = 8
"""Characters of a digest that tell one plan of a city from another."""
WORD = "seawall"


def code_text(run: str | None, digest: str) -> str:
    """Return what the square code holds.

    >>> code_text("2026-11-22-0312-notify-k3", "ab12" * 16)[:40]
    'seawall:2026-11-22-0312-notify-k3:ab12ab'
    """
    return f"{WORD}:{run or '-'}:{digest}"


def short_code(digest: str) -> str:
    """Return what a person types instead.

    >>> short_code("ab12cd34ef567890" * 4)
    'ab12 cd34 ef56 7890'
    """
    return " ".join(digest[at : at + 4] for at in range(0, SHORT, 4))


def check_code(said: str, run: str, digest: str) -> None:
    """Check that a paper is of this run's plan. Raises: BadInput when it is not, or it cannot be told."""
    where, remedy = "the paper", "Type what stands under its square code, or what a reader makes of it"
    plain = re.sub(r"\s", "", said).casefold()
    named, _, shown = plain.removeprefix(f"{WORD}:").rpartition(":")
    if not re.fullmatch(rf"[0-9a-f]{{{LEAST},64}}", shown):
        problem = f"{said.strip()!r} is no code of a paper: that has {LEAST} or more of 0-9 and a-f"
        raise BadInput.one(problem, where=where, remedy=remedy)
    if not digest.startswith(shown):
        problem = f"it is of another plan: {short_code(shown)}, and the plan of {run} is {short_code(digest)}"
        remedy = "Name the run whose paper it is; `seawall show RUN --json` has each one's plan"
        raise BadInput.one(problem, where=where, remedy=remedy)
    if named not in ("", "-", run.casefold()):
        problem = f"it is of run {named}, and this is {run}"
        raise BadInput.one(problem, where=where, remedy=f"seawall answer {named} --from-paper")
