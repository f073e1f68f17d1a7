"""Hosts from an OpenSSH client configuration. Nothing in it is ever executed: no `Match exec`, and no proxy.

Source: ssh_config(5), OpenSSH 10: the first value found for an option counts; `Include` stands where it is written,
under the `Host` or `Match` it is in, relative to ~/.ssh; at most 16 files inside one another.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from seawall.errors import BadInput
from seawall.importing.decoding import TextFile, read_text_file
from seawall.importing.draft import Draft, FoundHost, safe_name
from seawall.importing.patterns import SIGNS, matches

DEEPEST = 16
MOST_FILES = 500
MOST_BYTES = 2_000_000
_LINE = re.compile(r"^\s*([A-Za-z][\w-]*)(?:\s*=\s*|\s+|$)(.*)$")
_WORD = re.compile(r'"([^"]*)"|(\S+)')
_TAKEN = ("hostname", "port", "user", "identityfile", "hostkeyalias", "proxyjump", "proxycommand")
_NEVER_TOLD = {"exec", "canonical", "final", "localnetwork", "tagged", "version", "sessiontype", "command"}
KEYWORDS = frozenset({"host", "match", "include", *_TAKEN})


@dataclass(frozen=True, slots=True)
class Setting:
    """One line. `tests` are the Host and Match lines that it stands under, the outermost first."""

    place: str
    keyword: str
    words: tuple[str, ...]
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Test:
    """A `Host` or `Match` line."""

    place: str
    keyword: str
    words: tuple[str, ...]


@dataclass(slots=True)
class _Reading:
    """One reading of a configuration with what it includes."""

    home: Path
    draft: Draft
    settings: list[Setting] = field(default_factory=list)
    tests: list[Test] = field(default_factory=list)
    files: int = 0
    inside: list[Path] = field(default_factory=list)

    def take(self, file: TextFile, base: Path, tests: tuple[Test, ...]) -> None:
        """Take every line of a file."""
        self.files += 1
        self.inside.append(file.path.resolve())
        around, here = tests, tests
        for number, line in enumerate(file.text.splitlines(), 1):
            place = f"{file.shown}:{number}"
            stripped = line.strip()
            if not stripped or stripped.startswith("#"):
                continue
            found = _LINE.match(line)
            words = () if found is None else _words(found[2])
            if found is None or words is None:
                remedy = "Write a keyword and its value, e.g. `HostName 192.0.2.1`; close every quote"
                self.draft.wrong(place, "this is no line of an ssh configuration", remedy)
                continue
            keyword = found[1].lower()
            if keyword in {"host", "match"}:
                if not words:
                    self.draft.wrong(place, f"`{found[1]}` names nothing", f"Write `{found[1]} NAME`")
                here = (*around, Test(place, keyword, words))
                self.tests.append(here[-1])
            elif keyword == "include":
                for pattern in words:
                    self._include(place, pattern, base, here)
            else:
                self.settings.append(Setting(place, keyword, words, here))
        self.inside.pop()

    def _include(self, place: str, pattern: str, base: Path, tests: tuple[Test, ...]) -> None:
        if "${" in pattern or "%" in pattern:
            self.draft.notes.append(
                f"{place}: not read: Include {pattern}, which only ssh itself can spell out"
            )
            return
        for path in self._files(place, pattern, base):
            if path.resolve() in self.inside:
                chain = " -> ".join(one.name for one in (*self.inside, path))
                self.draft.wrong(
                    place, f"files include one another in a circle: {chain}", "Remove one Include"
                )
            elif len(self.inside) >= DEEPEST or self.files >= MOST_FILES:
                self.draft.wrong(place, "includes more than ssh itself would read", "Include fewer files")
                return
            else:
                try:
                    file = read_text_file(path, at_most=MOST_BYTES)
                except BadInput as error:
                    if error.problem != "is empty":
                        self.draft.mistakes += error.mistakes
                    continue
                self.take(file, base, tests)

    def _files(self, place: str, pattern: str, base: Path) -> Sequence[Path]:
        pattern = re.sub(
            r"\*+", "*", pattern
        )  # `**` is no more than `*` to ssh, and a walk over the disk to Python
        path = self.home / pattern[2:] if pattern.startswith("~/") else base / pattern
        if any(sign in pattern for sign in "*?["):
            try:
                anchor = Path(path.anchor)
                found = sorted(one for one in anchor.glob(str(path.relative_to(anchor))) if one.is_file())
            except (ValueError, OSError, NotImplementedError, IndexError):
                found = []
        else:
            found = [path] if path.is_file() else []
        if not found:
            self.draft.notes.append(f"{place}: Include {pattern} leads to no file")
        return found


def read_ssh_config(file: TextFile, draft: Draft, *, home: Path) -> None:
    """Take every host that is named in full into `draft`, with what ssh would use for it.

    Args:
        file: the configuration.
        draft: where hosts, mistakes and notes go.
        home: the home folder of whoever uses it.
    """
    system = file.path.resolve().parent == Path("/etc/ssh")
    reading = _Reading(home, draft)
    reading.take(file, Path("/etc/ssh") if system else home / ".ssh", ())
    for place in (one.place for one in reading.tests if one.keyword == "match" and _untold(one)):
        draft.notes.append(
            f"{place}: not taken: what stands under a Match that only ssh itself can tell; nothing is executed for it"
        )
    aliases = _aliases(reading.tests)
    before = len(draft.hosts)
    relevant = _relevant(reading.settings, aliases)
    for alias, place in aliases.items():
        _take_host(alias, place, relevant(alias), home, draft)
    count = len(draft.hosts) - before
    draft.read.append(f"{file.shown}: {count} host{'' if count == 1 else 's'}")
    if not count and not draft.mistakes:
        draft.wrong(
            file.shown, "names no host in full", "Add a `Host NAME`; patterns such as `Host *` name none"
        )


def _words(text: str) -> tuple[str, ...] | None:
    if text.count('"') % 2:
        return None
    words = [quoted or plain for quoted, plain in _WORD.findall(text)]
    return tuple(words[: next((n for n, word in enumerate(words) if word.startswith("#")), len(words))])


def _aliases(tests: Sequence[Test]) -> dict[str, str]:
    found: dict[str, str] = {}
    for test in tests:
        for word in test.words if test.keyword == "host" else ():
            if not _has_signs([word]):
                found.setdefault(word, test.place)
    return found


def _relevant(settings: Sequence[Setting], aliases: Mapping[str, str]) -> Callable[[str], list[Setting]]:
    """Divide the settings by alias, in their order: of thousands of hosts each has few of its own."""
    own: dict[str, list[int]] = {alias: [] for alias in aliases}
    common: list[int] = []
    for n, one in enumerate(settings):
        names = next((t.words for t in one.tests if t.keyword == "host" and not _has_signs(t.words)), None)
        if names is None:
            common.append(n)
        for name in dict.fromkeys(names or ()):
            own[name].append(n)
    return lambda alias: [settings[n] for n in heapq.merge(own[alias], common)]


def _has_signs(words: Sequence[str]) -> bool:
    return any(sign in word for word in words for sign in SIGNS)


def _untold(test: Test) -> bool:
    return any(word.lstrip("!").partition("=")[0].lower() in _NEVER_TOLD for word in test.words)


def _take_host(alias: str, place: str, settings: Sequence[Setting], home: Path, draft: Draft) -> None:
    said = _options(alias, settings)
    name = safe_name(alias)
    if not name:
        draft.wrong(
            place, f"nothing of {alias!r} can stand in a name", "Give it an alias with a to z and digits"
        )
        return
    if name in draft.hosts:
        other = draft.hosts[name].said_in
        draft.wrong(
            place, f"{alias} and a host at {other} would both be called `{name}`", "Rename one of the two"
        )
        return
    address = said.get("hostname", (alias, place))[0].replace("%h", alias).replace("%%", "%")
    host = FoundHost(name, address, place, known_as={alias.lower(), address.lower(), name})
    if "hostkeyalias" in said:
        host.known_as.add(said["hostkeyalias"][0].lower())
    if "port" in said:
        host.port = _port(*said["port"], draft)
    user = said.get("user", ("", ""))[0]
    host.user = user if user and "%" not in user and "$" not in user else None
    if "identityfile" in said and said["identityfile"][0].lower() != "none":
        host.key = _key(*said["identityfile"], home, draft)
    jump = said.get("proxyjump") or said.get("proxycommand")
    if jump is not None and jump[0].lower() != "none":
        draft.notes.append(
            f"{jump[1]}: {alias} is reached through another machine; Seawall goes to {address} itself"
        )
    draft.hosts[name] = host


def _options(alias: str, settings: Sequence[Setting]) -> dict[str, tuple[str, str]]:
    """Return the first value of each option that holds for `alias`, with its place."""
    said: dict[str, tuple[str, str]] = {}
    told: dict[tuple[Test, str, str], bool] = {}
    for one in settings:
        if one.keyword not in _TAKEN or one.keyword in said or not one.words:
            continue
        address, user = said.get("hostname", (alias, ""))[0], said.get("user", ("", ""))[0]
        for test in one.tests:
            key = (test, address, user)
            if key not in told:
                told[key] = _holds(test, alias, address, user)
            if not told[key]:
                break
        else:
            words = one.words if one.keyword == "proxycommand" else one.words[:1]
            said[one.keyword] = (" ".join(words), one.place)
    return said


def _holds(test: Test, alias: str, address: str, user: str) -> bool:
    if test.keyword == "host":
        return matches(test.words, alias)
    words = iter(_criteria(test.words))
    for word in words:
        wanted = not word.startswith("!")
        criterion = word.lstrip("!").lower()
        if criterion == "all":
            holds = True
        else:
            patterns = next(words, "").split(",")
            against = {"host": address, "originalhost": alias, "user": user}.get(criterion)
            if against is None or (criterion == "user" and not user):
                return False  # only ssh itself can tell
            holds = matches(patterns, against)
        if holds is not wanted:
            return False
    return True


def _criteria(words: Sequence[str]) -> Iterator[str]:
    for word in words:
        yield from word.split("=", 1) if re.match(r"!?[a-zA-Z]+=", word) else (word,)


def _port(written: str, place: str, draft: Draft) -> int | None:
    if written.isdecimal() and len(written) <= 5 and 0 < int(written) < 65536:  # noqa: PLR2004 - TCP's ports
        return int(written)
    draft.wrong(place, f"{written!r} is no port", "Write a number from 1 to 65535")
    return None


def _key(written: str, place: str, home: Path, draft: Draft) -> str | None:
    path = written.replace("%d", str(home)).replace("%%", "\0")
    if "%" in path or "$" in path:
        draft.notes.append(f"{place}: not taken: IdentityFile {written}, which only ssh itself can spell out")
        return None
    path = path.replace("\0", "%")
    return f"file:{home / path[2:] if path.startswith('~/') else path}"
