"""`seawall`, with so much patience for each of the three places that whoever waits for a silent one is never through.

Its terms are renewed often, so that it happens in a short run too.

Run as `python -m tests.end_to_end.patient WORDS...`.
"""

from __future__ import annotations

from datetime import timedelta

from console.terminal.main import main
from seawall import terms
from seawall.places import Places

PATIENCE = timedelta(minutes=5)
"""Longer than any step of the stories may take, and than any command of theirs."""
RENEWED_EVERY = timedelta(milliseconds=200)


def be_patient() -> None:
    """Let every place that is made from now on have that limit."""
    defaults = Places.__init__.__kwdefaults__
    assert defaults is not None
    defaults["within"] = PATIENCE
    terms.RENEWED_EVERY = RENEWED_EVERY


if __name__ == "__main__":
    be_patient()
    main()
