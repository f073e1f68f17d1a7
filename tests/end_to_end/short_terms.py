"""`seawall`, whose terms are as short as terms may be, for a story in which another machine waits one out.

A call with a longer limit has its term made longer when it comes.

Run as `python -m tests.end_to_end.short_terms WORDS...`.
"""

from __future__ import annotations

from datetime import timedelta

from console.terminal.main import main
from seawall import terms

if __name__ == "__main__":
    terms.LONGEST_AT_ONCE = timedelta()
    main()
