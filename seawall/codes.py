"""Telephone codes: a printed sheet a person, for when they can be rung and cannot sign.

Only hashes are kept, under the trust root: scrypt with a salt, and a digest of its result, so that what a journal
holds of a code opens nothing. A code counts once: at every machine of a city that has places, for it is used by taking
a slot there; else on each host by itself. It says that somebody read it out, and no more: who typed it signs for
having heard it, and every screen and report calls it weaker than a signature.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, Field, ValidationError

from seawall.errors import BadInput
from seawall.files import FOLDER_MODE, make_folder, on_disk, write_whole
from seawall.model import Frozen, Name
from seawall.places import Places, PlaceSilent
from seawall.run_folder import UNMISTAKABLE
from seawall.signed import Heard
from seawall.slots import Mine, Theirs, Unclear, read_row, slot_key, take_slot

FOLDER = "codes"
"""Where the sheets' hashes lie, in the trust root."""
USED = ".used-codes"
"""Where it is kept which codes were used, beside the runs."""
AT_PLACES = "codes"
"""What the keys of used codes begin with at the places."""
HOW_MANY = 20
LETTERS = 12
"""Of 21 letters: 52 bits, and two tries a second by scrypt."""
SCRYPT = {"n": 2**14, "r": 8, "p": 1}
"""16 MB and some 50 ms a try: OWASP's password storage cheat sheet gives N=2^14 as its least with p=5; a code is random
and not chosen, so that guessing is hopeless at either."""
LONGEST = 64 * 1024


class Sheet(Frozen):
    """What is kept of a printed sheet.

    Attributes:
        sheet: the sheet's own name; a new sheet makes the old one worthless.
        hashes: of each code, the digest of what scrypt makes of it.
    """

    format: Annotated[int, Field(ge=1, le=1)] = 1
    person: Name
    sheet: Annotated[str, Field(pattern=r"^[a-z0-9]{4,16}$")]
    made_at: AwareDatetime
    made_by: str
    salt: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    hashes: Annotated[tuple[str, ...], Field(max_length=99)]

    def knows(self, heard: Heard) -> bool:
        """Tell whether this code stands on the sheet."""
        if heard.sheet != self.sheet or heard.number > len(self.hashes):
            return False
        return hmac.compare_digest(_digest(heard.proof), self.hashes[heard.number - 1])

    def proof_of(self, number: int, letters: str) -> str:
        """Work out what shows that one knows the code, without saying it."""
        salt = bytes.fromhex(self.salt) + number.to_bytes(2, "big")
        return hashlib.scrypt(letters.encode(), salt=salt, dklen=32, **SCRYPT).hex()


@dataclass(frozen=True, slots=True)
class Printed:
    """A sheet as it is printed, once. `codes` are what nobody keeps."""

    kept: Sheet
    codes: tuple[str, ...]


def make_sheet(person: str, *, by: str, now: datetime, how_many: int = HOW_MANY) -> Printed:
    """Make a sheet of new codes."""
    letters = ["".join(secrets.choice(UNMISTAKABLE) for _ in range(LETTERS)) for _ in range(how_many)]
    name = "".join(secrets.choice(UNMISTAKABLE) for _ in range(6))
    blank = Sheet(person=person, sheet=name, made_at=now, made_by=by, salt=secrets.token_hex(16), hashes=())
    hashes = tuple(_digest(blank.proof_of(n, one)) for n, one in enumerate(letters, start=1))
    codes = tuple(f"{n:02}-{one[:4]}-{one[4:8]}-{one[8:]}" for n, one in enumerate(letters, start=1))
    return Printed(blank.model_copy(update={"hashes": hashes}), codes)


def keep_sheet(trust: Path, sheet: Sheet) -> Path:
    """Keep a sheet's hashes in the trust root, in place of the person's last one. Raises: JournalError."""
    make_folder(trust / FOLDER)
    path = trust / FOLDER / f"{sheet.person}.json"
    write_whole(path, sheet.model_dump_json().encode())
    return path


def read_sheet(trust: Path, person: str) -> Sheet | None:
    """Read the hashes of a person's sheet; None when there is none. Raises: BadInput when it cannot be read."""
    path = trust / FOLDER / f"{person}.json"
    try:
        content = path.read_bytes()[: LONGEST + 1]
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        problem = error.strerror or str(error)
        raise BadInput.one(problem, where=str(path), remedy="Let whoever drives runs read it") from error
    try:
        return Sheet.model_validate_json(content)
    except ValidationError as error:
        remedy = f"Print a new sheet: seawall codes print {person}"
        raise BadInput.one("it is no sheet of codes", where=str(path), remedy=remedy) from error


def heard(sheet: Sheet, said: str, by: str) -> Heard:
    """Turn what somebody read out into what is kept of it.

    Raises:
        BadInput: it is no code, or none of this sheet.
    """
    plain = re.sub(r"[\s-]", "", said.lower())
    match = re.fullmatch(rf"(\d\d?)([{UNMISTAKABLE}]{{{LETTERS}}})", plain)
    if match is None:
        remedy = f"Ask for number and letters, as in 07-acde-fhjk-mprt; the letters are {UNMISTAKABLE}"
        raise BadInput.one("that is no telephone code", where="--code", remedy=remedy)
    number = int(match[1])
    if not 1 <= number <= len(sheet.hashes):
        remedy = "Ask whether it is the sheet that was printed last"
        raise BadInput.one(f"there is no code {number} on the sheet", where="--code", remedy=remedy)
    one = Heard(sheet=sheet.sheet, number=number, proof=sheet.proof_of(number, match[2]), by=by)
    if not sheet.knows(one):
        remedy = f"Ask {sheet.person} to read it again, from the sheet {sheet.sheet}"
        raise BadInput.one("this code is not on the sheet", where="--code", remedy=remedy)
    return one


def used_in(runs: Path, one: Heard) -> str | None:
    """Return by what a code was used, as `spend` was told; None when it was not."""
    path = runs / USED / f"{one.sheet}-{one.number:02}"
    with on_disk(path):
        try:
            return path.read_text()
        except FileNotFoundError:
            return None


def used_of(runs: Path, sheet: str) -> tuple[int, ...]:
    """Return which codes of a sheet were used here."""
    return tuple(
        sorted(int(path.name.rsplit("-", 1)[1]) for path in (runs / USED).glob(f"{sheet}-[0-9][0-9]"))
    )


def spend(runs: Path, one: Heard, what: str) -> str | None:
    """Use a code up for `what`. Returns: by what it was used before, if it was; the same once more is no use.

    Raises:
        JournalError: the disk will not have it.
    """
    folder = runs / USED
    with on_disk(folder):
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
        half = folder / f".{secrets.token_hex(8)}"
        write_whole(half, what.encode())
        try:
            os.link(
                half, folder / f"{one.sheet}-{one.number:02}"
            )  # there whole, or not at all; never put over another
        except FileExistsError:
            before = used_in(runs, one)
            return None if before == what else before
        finally:
            half.unlink()
    return None


def spend_at(places: Places, one: Heard, what: str) -> str | None:
    """Use a code up at the city's places for `what`, which nobody else ever uses one for: no other machine can then.

    Returns:
        By what it was used before, if it was.

    Raises:
        PlaceSilent: too few places answer to tell. It must not count then, and it may be used up all the same.
    """
    taken = take_slot(places, slot_key(_row(one), 1), what.encode())
    match taken:
        case Mine():
            return None
        case Theirs(content):
            return content.decode(errors="replace")
        case Unclear(silent):
            raise _cannot_tell(one, silent)


def used_at(places: Places, one: Heard) -> str | None:
    """Return by what a code was used at any machine, changing nothing; None when it was not. Raises: PlaceSilent."""
    head = read_row(places, _row(one))
    if isinstance(head, Unclear):
        raise _cannot_tell(one, head.silent)
    if not head.n:
        return None
    if not head.settled or head.content is None:
        raise _cannot_tell(one, ())
    return head.content.decode(errors="replace")


def all_used_at(places: Places, sheet: Sheet) -> frozenset[int]:
    """Return which codes of a sheet were used, or may have been, at any machine. Raises: PlaceSilent."""
    prefix, answered, silent = f"{AT_PLACES}/{sheet.sheet}/", 0, list[str]()
    digests: set[str] = set()
    for answer in places.ask(lambda place: place.names(prefix, places.within)):
        if answer.said is None:
            silent.append(answer.place)
            continue
        answered += 1
        digests |= {name.removeprefix(prefix).partition("/")[0] for name in answer.said}
    if answered < places.majority:
        raise PlaceSilent(
            f"which codes were used elsewhere cannot be told: {_who(silent)}",
            where=f"sheet {sheet.sheet}",
            remedy="Ask again when two of the city's places answer; `seawall doctor` says which do",
        )
    return frozenset(n for n, one in enumerate(sheet.hashes, start=1) if one in digests)


def _row(one: Heard) -> str:
    return f"{AT_PLACES}/{one.sheet}/{_digest(one.proof)}"


def _cannot_tell(one: Heard, silent: Sequence[str]) -> PlaceSilent:
    return PlaceSilent(
        f"whether this code was used at another machine cannot be told: {_who(silent)}",
        where=f"code {one.number} of the sheet {one.sheet}",
        remedy="Let somebody sign, or take the next code when two of the city's places answer: this one may be used up",
    )


def _who(silent: Sequence[str]) -> str:
    if not silent:
        return "somebody may be using it just now"
    return f"{', '.join(silent)} {'is' if len(silent) == 1 else 'are'} silent"


def _digest(proof: str) -> str:
    return hashlib.sha256(bytes.fromhex(proof)).hexdigest()
