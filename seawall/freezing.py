"""A freeze: Seawall does nothing by itself until a named person lifts it. What people start by hand goes on.

It is written down on this machine and at each of the city's places. One place that says frozen is enough; a place that
cannot be asked is unknown, and for what would run by itself unknown counts as frozen. A freeze has a name of its own:
lifting it anywhere lifts it everywhere, and a place that was silent then need not be told.

`runs/.freeze/<name>.json` says who froze and why, `<name>.lifted.json` who lifted it; `freeze/<name>` and
`lifted/<name>` at a place likewise. Neither is ever changed or removed.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, Field, ValidationError

from seawall.errors import BadInput, JournalError, SeawallError
from seawall.files import make_folder, on_disk, write_whole
from seawall.model import Frozen
from seawall.places import LIMIT, Place, Places

FOLDER = ".freeze"
FROZEN, LIFTED = "freeze/", "lifted/"
_MOST = 400
"""Characters of a reason."""


class IsFrozen(SeawallError):
    """What would run by itself does not, because of a freeze; a person may start it by hand."""


class Word(Frozen):
    """Who froze or lifted, when and why."""

    name: Annotated[str, Field(pattern=r"^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}$")]
    at: AwareDatetime
    by: str
    why: str


class Freeze(Frozen):
    """One freeze, and who lifted it, if anybody has."""

    name: str
    at: AwareDatetime
    by: str
    why: str
    lifted: Word | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether there is a freeze, as far as can be known from here.

    Attributes:
        freezes: those that nobody has lifted, the oldest first.
        silent: places that could not be asked.
    """

    freezes: tuple[Freeze, ...]
    silent: tuple[str, ...] = ()

    @property
    def holds_still(self) -> bool:
        """Whether what would run by itself must not: there is a freeze, or nobody can tell."""
        return bool(self.freezes or self.silent)

    def told(self) -> str:
        """Say why, for a log or a screen."""
        if self.freezes:
            one = self.freezes[0]
            return f"{one.by} froze it at {one.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC: {one.why}"
        named = ", ".join(self.silent)
        return f"it cannot be told whether there is a freeze: {named} {'is' if len(self.silent) == 1 else 'are'} silent"


def freeze(
    runs: Path, places: Places | None, *, by: str, why: str, now: datetime
) -> tuple[Freeze, tuple[str, ...]]:
    """Freeze, here and at every place.

    Returns:
        The freeze, and the places that could not be told.

    Raises:
        BadInput: no reason is given.
        JournalError: the disk will not have it; nothing is frozen.
    """
    word = Word(name=_name(now), at=now, by=by, why=_reason(why, "freeze"))
    _write(runs, f"{word.name}.json", word)
    return Freeze(**word.model_dump()), _tell(places, {FROZEN + word.name: word})


def thaw(
    runs: Path, places: Places | None, *, by: str, why: str, now: datetime
) -> tuple[tuple[Freeze, ...], tuple[str, ...]]:
    """Lift every freeze that is known, here and at every place.

    Returns:
        What was lifted, and the places that could not be told, whose own freezes are not known either.

    Raises:
        BadInput: no reason is given, or there is nothing to lift.
        JournalError: the disk will not have it.
    """
    reason = _reason(why, "thaw")
    standing = freeze_standing(runs, places)
    if not standing.freezes:
        known = f"; {', '.join(standing.silent)} cannot be asked" if standing.silent else ""
        remedy = "See `seawall status`; `seawall freeze` makes one"
        raise BadInput.one(f"there is no freeze to lift{known}", where="seawall thaw", remedy=remedy)
    words = [Word(name=one.name, at=now, by=by, why=reason) for one in standing.freezes]
    for word in words:
        _write(runs, f"{word.name}.lifted.json", word)
    untold = _tell(places, {LIFTED + word.name: word for word in words})
    by_name = {word.name: word for word in words}
    lifted = tuple(one.model_copy(update={"lifted": by_name[one.name]}) for one in standing.freezes)
    return lifted, tuple(dict.fromkeys((*standing.silent, *untold)))


def freeze_standing(runs: Path, places: Places | None) -> Standing:
    """Tell whether there is a freeze, here or at any place. What places say is kept here, for whoever cannot ask them.

    Raises:
        JournalError: what is kept here cannot be read: then nobody can tell.
    """
    silent: list[str] = []
    known = frozenset(one.name for one in (runs / FOLDER).glob("*.json"))
    for answer in places.ask(lambda place: dict(_words_at(place, known))) if places is not None else ():
        if answer.said is None:
            silent.append(answer.place)
            continue
        for name, content in answer.said.items():
            _keep(runs, name, content)
    return Standing(tuple(one for one in freezes_here(runs) if one.lifted is None), tuple(sorted(silent)))


def freezes_here(runs: Path) -> tuple[Freeze, ...]:
    """Return every freeze that is known on this machine, lifted or not, the oldest first. Raises: JournalError."""
    folder = runs / FOLDER
    with on_disk(folder):
        if not folder.is_dir():
            return ()
        found = sorted(one for one in folder.iterdir() if one.suffix == ".json" and one.name[0] != ".")
        words = {one.name.removesuffix(".json"): _read(one) for one in found}
    return tuple(
        Freeze(**word.model_dump(), lifted=words.get(f"{name}.lifted"))
        for name, word in words.items()
        if not name.endswith(".lifted")
    )


def check_thawed(runs: Path, places: Places | None) -> None:
    """Check that something may run by itself.

    Raises:
        IsFrozen: there is a freeze, or nobody can tell.
    """
    try:
        standing = freeze_standing(runs, places)
    except JournalError as error:
        remedy = "Mend the folder, or start what should run by hand"
        raise IsFrozen(
            "it cannot be told whether there is a freeze", where=error.where, remedy=remedy
        ) from error
    if standing.holds_still:
        remedy = "Start it by hand, or lift the freeze: seawall thaw --why ..."
        raise IsFrozen(standing.told(), where="freeze", remedy=remedy)


def _words_at(place: Place, known: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """Yield what a place holds of freezes and is not known here, by the name of the file that would keep it."""
    for prefix, suffix in ((FROZEN, ".json"), (LIFTED, ".lifted.json")):
        for key in place.names(prefix, LIMIT):
            name = f"{key.removeprefix(prefix)}{suffix}"
            content = None if name in known else place.get(key, LIMIT)
            if content is not None:
                yield name, content


def _tell(places: Places | None, words: Mapping[str, Word]) -> tuple[str, ...]:
    """Lay words down at every place; return those that may not have them."""
    if places is None:
        return ()

    def lay(place: Place) -> bool:
        for key, word in words.items():
            place.put_if_absent(key, word.model_dump_json().encode(), LIMIT)
        return True

    return tuple(answer.place for answer in places.ask(lay) if answer.said is None)


def _keep(runs: Path, name: str, content: bytes) -> None:
    """Keep here what a place said, unless it is here already or is no such word."""
    path = runs / FOLDER / name
    try:
        word = Word.model_validate_json(content)
    except ValidationError:
        return
    if name.partition(".")[0] == word.name and not path.exists():
        _write(runs, name, word)


def _write(runs: Path, name: str, word: Word) -> None:
    make_folder(runs)
    make_folder(runs / FOLDER)
    write_whole(runs / FOLDER / name, word.model_dump_json().encode())


def _read(path: Path) -> Word:
    try:
        return Word.model_validate_json(path.read_bytes())
    except ValidationError as error:
        remedy = "Look at it; put it right, or take it away when a person has decided that nothing is frozen"
        raise JournalError("it does not say who froze or lifted", where=str(path), remedy=remedy) from error


def _reason(why: str, command: str) -> str:
    if not why.strip():
        remedy = f'Say it for whoever finds everything still: seawall {command} --why "..."'
        raise BadInput.one("no reason is given", where="--why", remedy=remedy)
    return " ".join(why.split())[:_MOST]


def _name(now: datetime) -> str:
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
