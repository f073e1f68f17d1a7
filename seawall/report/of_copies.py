"""What a report says of a run's copies at the three places, and of who took it up from them."""

from __future__ import annotations

from seawall.journal import NotReplicated, Recovered, WentAlone
from seawall.model import Text


def told_of_copies(event: Recovered | NotReplicated | WentAlone) -> Text:
    """Say what happened."""
    match event:
        case Recovered():
            places = ", ".join(event.known_at)
            return Text(
                en=f"{event.by} recovered the run from copies at {places}; what could have begun unseen is in doubt",
                da=f"{event.by} genskabte kørslen fra kopier hos {places}; hvad der kan være begyndt uset, er uvist",
            )
        case NotReplicated():
            silent = ", ".join(event.silent)
            return Text(
                en=f"not replicated: {silent} did not take the journal in; it stands on this machine only",
                da=f"ikke kopieret: {silent} tog ikke imod journalen; den står kun på denne maskine",
            )
        case WentAlone():
            who = " and ".join(event.by), " og ".join(event.by)
            silent = ", ".join(event.silent) or "-"
            how = (" (signed)", " (underskrevet)") if event.signatures else (" (typed)", " (tastet)")
            return Text(
                en=f"{who[0]} let the run go on without a majority of the places; silent: {silent}{how[0]}",
                da=f"{who[1]} lod kørslen gå videre uden et flertal af stederne; tavse: {silent}{how[1]}",
            )
