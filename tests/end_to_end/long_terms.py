"""`seawall`, whose terms last so long that none of them is over in a story, though no place answers any more.

Run as `python -m tests.end_to_end.long_terms WORDS...`.
"""

from __future__ import annotations

from datetime import timedelta

from console.terminal.main import main
from seawall import terms

MORE = timedelta(minutes=10)

if __name__ == "__main__":
    terms.MORE = MORE
    main()
