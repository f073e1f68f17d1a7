"""A freeze in a story, and what is due by itself meanwhile: the product's own words and its own check."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from seawall import freezing
from seawall.errors import SeawallError
from seawall.places import Places
from tests.simulation.faults import ByItself, Freeze
from tests.simulation.kernel import Kernel, Process
from tests.simulation.stores import Stores


@dataclass
class Still:
    """Who freezes and lifts, and what would begin by itself.

    Attributes:
        folder: where machines keep their folders.
        places: makes the three places as one process reaches them; None where the city has none.
        begins: opens a run at a place, as nobody.
        wrongs: what began though it was known to be frozen.
    """

    kernel: Kernel
    folder: Path
    stores: Stores
    places: Callable[[], Places] | None
    now: Callable[[], datetime]
    tell: Callable[[str, str], None]
    begins: Callable[[str], None]
    wrongs: list[str] = field(default_factory=list)

    def freeze(self, fault: Freeze) -> None:
        """Let somebody freeze at a place, and lift it later."""
        self._in_a_process("freezer", fault.place, lambda: self._freeze(fault))

    def due(self, fault: ByItself) -> None:
        """Let something be due by itself at a place."""
        self._in_a_process("schedule", fault.place, lambda: self._due(fault.place))

    def _freeze(self, fault: Freeze) -> None:
        runs = self.folder / fault.place
        _, silent = freezing.freeze(runs, self._reached(), by="carl", why="wait", now=self.now())
        self.tell("carl", f"froze it{', and could not tell ' + ', '.join(silent) if silent else ''}")
        self.kernel.sleep(fault.lasts)
        with suppress(SeawallError):
            freezing.thaw(runs, self._reached(), by="carl", why="go on", now=self.now())
            self.tell("carl", "lifted it")

    def _due(self, place: str) -> None:
        before = set(self._frozen(place))
        try:
            freezing.check_thawed(self.folder / place, self._reached())
        except freezing.IsFrozen as error:
            self.tell("schedule", f"does not begin: {error.problem}")
            return
        if still := before.intersection(self._frozen(place)):
            self.wrongs.append(f"at {place} a run began by itself under the freeze {min(still)}")
        self.begins(place)

    def _frozen(self, place: str) -> Iterator[str]:
        """Yield the freezes that stand at a place of the city, or here, and that nobody has lifted anywhere."""
        here = [one.name for one in freezing.freezes_here(self.folder / place) if one.lifted is None]
        kept = [key for one in self.stores.kept.values() for key in one]
        lifted = {key.removeprefix(freezing.LIFTED) for key in kept}
        there = (key.removeprefix(freezing.FROZEN) for key in kept if key.startswith(freezing.FROZEN))
        yield from (name for name in (*here, *there) if name not in lifted)

    def _reached(self) -> Places | None:
        return None if self.places is None else self.places()

    def _in_a_process(self, name: str, place: str, what: Callable[[], None]) -> None:
        process = Process(self.kernel, name, place)
        self.kernel.spawn(process, what)
