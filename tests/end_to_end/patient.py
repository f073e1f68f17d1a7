"""`seawall`, with so much patience for each of the three places that whoever waits for a silent one is never through.

Run as `python -m tests.end_to_end.patient WORDS...`.
"""

from __future__ import annotations

from datetime import timedelta

from console.terminal.main import main
from seawall.places import Places

PATIENCE = timedelta(minutes=5)
"""Longer than any step of the stories may take, and than any command of theirs."""


def be_patient() -> None:
    """Let every place that is made from now on have that limit."""
    defaults = Places.__init__.__kwdefaults__
    assert defaults is not None
    defaults["within"] = PATIENCE


if __name__ == "__main__":
    be_patient()
    main()
