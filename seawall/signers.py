"""Whose keys may say what: the city's `allowed_signers`, from the trust root on this host.

The trust root is a folder outside the city's: whoever may edit runbooks and inventory must not be able to say whose
signature counts. `SEAWALL_TRUST` names it, else it is /etc/seawall; where neither holds the file, there is none, and
yeses are typed.

Source: ssh-keygen(1), "ALLOWED SIGNERS", OpenSSH 9.2, read 2026-11.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from seawall.errors import BadInput, Mistake, SeawallError
from seawall.signed import Signed
from seawall.ssh_wire import NotASignature
from seawall.sshsig import SshSignature, key_from_line, read_signature, verify

HERE = Path("/etc/seawall")
"""Where the trust root is when nothing else is said."""
VARIABLE = "SEAWALL_TRUST"
FILE = "allowed_signers"
LONGEST = 1024 * 1024
"""Bytes of the file that are read: some ten thousand keys."""


class NotAllowed(SeawallError):
    """The signature is one, and its key may not say this for that person now."""


@dataclass(frozen=True, slots=True)
class Signer:
    """One line: who a key speaks for.

    Attributes:
        namespaces: what it may sign; everything when empty.
        since: from when on it counts; `until`: up to when.
    """

    principals: tuple[str, ...]
    key: bytes
    namespaces: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    line: int = 0

    def why_not(self, person: str, namespace: str, at: datetime) -> str | None:
        """Say why this key may not sign `namespace` for `person` at `at`; None when it may."""
        if not _matches(person, self.principals):
            return f"it is the key of {','.join(self.principals)}, and not of {person}"
        if self.namespaces and not _matches(namespace, self.namespaces):
            return f"it may sign {','.join(self.namespaces)}, and not {namespace}"
        if self.since is not None and at < self.since:
            return f"it counts from {self.since:%Y-%m-%d %H:%M} UTC on"
        if self.until is not None and at > self.until:
            return f"it counted until {self.until:%Y-%m-%d %H:%M} UTC"
        return None


@dataclass(frozen=True, slots=True)
class Signers:
    """Everybody whose signature counts here, and the folder that says so."""

    folder: Path
    every: tuple[Signer, ...]

    def check(self, one: SshSignature, content: bytes, namespace: str, person: str, at: datetime) -> None:
        """Check that `person` signed `content` for `namespace`, as of `at`.

        Raises:
            NotASignature: it is no signature over this.
            NotAllowed: its key may not say this for that person.
        """
        verify(one, content, namespace)
        why = [signer.why_not(person, namespace, at) for signer in self.every if signer.key == one.key]
        if None in why:
            return
        raise NotAllowed(
            next((reason for reason in why if reason), f"the key {one.fingerprint} is nobody's here"),
            where=str(self.folder / FILE),
            remedy=f"Sign with a key that stands there for {person}, or have whoever keeps the file add it",
        )

    def why_not(self, words: Signed, namespace: str, person: str, at: datetime) -> str | None:
        """Say why what stands in a journal was not signed by `person` for `namespace`, as of `at`; None when it was."""
        try:
            self.check(read_signature(words.signature), words.statement.encode(), namespace, person, at)
        except SeawallError as error:
            return error.problem
        return None

    def may_sign(self, key: bytes, namespace: str, person: str, at: datetime) -> bool:
        """Tell whether a key may sign for a person."""
        return any(one.key == key and one.why_not(person, namespace, at) is None for one in self.every)

    def keys_of(self, person: str, namespace: str, at: datetime) -> tuple[Signer, ...]:
        """Return the keys that may sign for a person now."""
        return tuple(one for one in self.every if one.why_not(person, namespace, at) is None)


def trust_folder(environ: Mapping[str, str] | None = None) -> Path | None:
    """Return the folder of this host's trust root; None when it has none.

    A folder that SEAWALL_TRUST names is one also when its file is missing: taking a file away must not turn signatures
    into typed yeses.
    """
    environ = os.environ if environ is None else environ
    if said := environ.get(VARIABLE):
        return Path(said).expanduser().absolute()
    return HERE if (HERE / FILE).exists() else None


def read_trust(environ: Mapping[str, str] | None = None) -> Signers | None:
    """Read this host's trust root; None when it has none.

    Raises:
        BadInput: it is not safe from others, or cannot be read, or holds mistakes: all of them.
    """
    folder = trust_folder(environ)
    return None if folder is None else read_signers(folder)


def read_signers(folder: Path) -> Signers:
    """Read a trust root. Raises: BadInput, as `read_trust`."""
    path = folder / FILE
    if unsafe := [mistake for one in (folder, path) if (mistake := _unsafe(one)) is not None]:
        raise BadInput(unsafe)
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST + 1)
    except OSError as error:
        raise BadInput.one(error.strerror or str(error), where=str(path), remedy=_MAKE) from error
    if len(content) > LONGEST:
        raise BadInput.one(f"it is longer than {LONGEST} bytes", where=str(path), remedy="Shorten it")
    return Signers(folder, parse_signers(content.decode(errors="replace"), str(path)))


def parse_signers(text: str, where: str) -> tuple[Signer, ...]:
    """Read the lines of an `allowed_signers`. Raises: BadInput, with every mistake."""
    signers, mistakes = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            signers.append(_signer(line.strip(), number))
        except (ValueError, NotASignature) as error:
            problem = error.problem if isinstance(error, NotASignature) else str(error)
            mistakes.append(Mistake(f"{where}:{number}", problem, _SHAPE))
    if mistakes:
        raise BadInput(mistakes)
    return tuple(signers)


_SHAPE = 'Write it as in: anna namespaces="seawall-*" ssh-ed25519 AAAA... (ssh-keygen(1), ALLOWED SIGNERS)'
_MAKE = f"Lay an {FILE} there, or unset {VARIABLE} where no signatures are wanted"
_WORD = re.compile(r'(?:[^\s"]|"[^"]*")+')
_OPTION = re.compile(r'([A-Za-z-]+)(?:="([^"]*)"|=([^,"]*))?(?:,|$)')
_WHEN = re.compile(r"(\d{8})(\d{4}(?:\d{2})?)?(Z?)")


def _signer(line: str, number: int) -> Signer:
    if line.count('"') % 2:
        message = "a quotation mark is not closed"
        raise ValueError(message)
    words = _WORD.findall(line)
    principals = tuple(one for one in words[0].replace('"', "").split(",") if one)
    if not principals:
        message = "it names nobody"
        raise ValueError(message)
    has_options = len(words) > 1 and not words[1].startswith(("ssh-", "sk-", "ecdsa-"))
    options = dict(_options(words[1])) if has_options else {}
    key = words[1 + has_options : 3 + has_options]
    if len(key) < 2:  # noqa: PLR2004 - its kind and itself
        message = "it holds no public key"
        raise ValueError(message)
    return Signer(
        principals,
        key_from_line(key[0], key[1]),
        tuple(one for one in (options.get("namespaces") or "").split(",") if one),
        _when(options.get("valid-after")),
        _when(options.get("valid-before")),
        number,
    )


def _options(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text):
        match = _OPTION.match(text, place)
        if match is None:
            message = f"its options cannot be read from {text[place : place + 20]!r} on"
            raise ValueError(message)
        name, place = match[1].lower(), match.end()
        if name == "cert-authority":
            message = "cert-authority is not known here: Seawall takes keys, and no certificates"
            raise ValueError(message)
        if name not in ("namespaces", "valid-after", "valid-before"):
            message = f"its option {match[1]!r} is not known"
            raise ValueError(message)
        yield name, match[2] if match[2] is not None else match[3] or ""


def _when(text: str | None) -> datetime | None:
    """Read YYYYMMDD[HHMM[SS]][Z]; without the Z it is by this host's clock, as OpenSSH has it."""
    if text is None:
        return None
    match = _WHEN.fullmatch(text)
    if match is None:
        message = f"{text!r} is no time such as 20261231 or 202612312359Z"
        raise ValueError(message)
    wall = datetime.strptime(f"{match[1]}{match[2] or ''}".ljust(14, "0"), "%Y%m%d%H%M%S")  # noqa: DTZ007
    try:
        return (wall.replace(tzinfo=UTC) if match[3] else wall.astimezone()).astimezone(UTC)
    except OverflowError as error:
        message = f"{text!r} lies outside of every calendar"
        raise ValueError(message) from error


def _matches(word: str, patterns: tuple[str, ...]) -> bool:
    """Tell whether a word is meant by a list of patterns; one that begins with ! and fits takes it out again."""
    meant = False
    for pattern in patterns:
        if _fits(word, pattern.removeprefix("!")):
            if pattern.startswith("!"):
                return False
            meant = True
    return meant


def _fits(word: str, pattern: str) -> bool:
    shape = "".join({"*": ".*", "?": "."}.get(one, re.escape(one)) for one in pattern)
    return re.fullmatch(shape, word) is not None


def _unsafe(path: Path) -> Mistake | None:
    """Say why somebody else could have written this file or folder; None when nobody could."""
    try:
        seen = path.stat()
    except OSError as error:
        return Mistake(str(path), error.strerror or str(error), _MAKE)
    if seen.st_uid not in (0, os.geteuid()):
        problem = f"it belongs to user {seen.st_uid}, who could let any key count"
        return Mistake(str(path), problem, f"Give it to root: chown root {path}")
    if seen.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        who = "everybody" if seen.st_mode & stat.S_IWOTH else "its group"
        problem = f"{who} may write it, and so let any key count"
        return Mistake(str(path), problem, f"Take that away: chmod go-w {path}")
    return None
