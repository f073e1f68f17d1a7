"""Tab in a shell: the shell asks by environment variables, and reads one word a line. It never sees an error.

bash takes `service=lo` apart at the sign and wants only what comes after it; here both is set right, so that the rest
of the program sees `service=lo` as one word. Source: bash manual, COMP_WORDS and COMP_WORDBREAKS; typer's own scripts.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, MutableMapping, Sequence

VARIABLE = "_SEAWALL_COMPLETE"
SIGN = "="


def is_asked() -> bool:
    """Tell whether a shell wants words to offer."""
    return os.environ.get(VARIABLE, "").startswith("complete_")


def offer(carry_out: Callable[[Sequence[str]], int]) -> int:
    """Answer the shell. Returns the exit code: 0, but for fish, which asks whether there are words at all."""
    typed = _one_word_each(os.environ) if os.environ[VARIABLE] == "complete_bash" else ""
    said = io.StringIO()
    code = 1
    with (
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(io.StringIO()),
        contextlib.suppress(Exception, SystemExit),
    ):
        code = carry_out(())
    prefix = typed[: typed.rfind(SIGN) + 1]
    for line in filter(None, said.getvalue().splitlines()):
        print(line.removeprefix(prefix))  # noqa: T201 - the shell reads it
    return code if os.environ[VARIABLE] == "complete_fish" else 0


def _one_word_each(environ: MutableMapping[str, str]) -> str:
    """Put together what bash took apart; return the word under the cursor when it was in parts, else nothing."""
    words = environ.get("COMP_WORDS", "").split("\n")
    at = int(environ.get("COMP_CWORD") or 0)
    whole: list[str] = []
    cursor, open_ended, in_parts = 0, False, False
    for number, word in enumerate(words):
        joins = bool(whole) and (word == SIGN or open_ended)
        if joins:
            whole[-1] += word
        else:
            whole.append(word)
        open_ended = word == SIGN
        if number == at:
            cursor, in_parts = len(whole) - 1, joins
    environ["COMP_WORDS"], environ["COMP_CWORD"] = "\n".join(whole), str(cursor)
    return whole[cursor] if in_parts else ""
