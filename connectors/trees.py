"""Files over a shell on their machine, with find, sha256sum and tar of GNU; and from machine to machine through here.

Source: rsync(1) 3.2, --files-from and --protect-args; find(1) -printf, sha256sum(1) --zero (coreutils 8.25), tar(1)
--verbatim-files-from (1.29); rename(2) replaces a file, or a link, in one instant.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, TypeVar

from connectors.files import Entry, Tree
from connectors.words import NO_PROGRAM, last_words, no_program
from seawall.actions import Deadline, Output, Shell
from seawall.errors import DidNothing, MayHaveActed, WrongTarget
from seawall.targets import Host, WebRoot

T = TypeVar("T")
STAGE = ".seawall-copy-"
"""What the folder begins with in which a copy lies until it is whole; never counted as a part of a tree."""
_LARGEST = 64 << 20
"""Bytes of a listing: some 400,000 files."""

_NEEDS = """\
for p in {programs}; do
  command -v "$p" >/dev/null 2>&1 || {{ printf 'no-program %s\\n' "$p" >&2; exit 86; }}
done
"""

_LOOK = (
    _NEEDS.format(programs="find sha256sum")
    + f"""\
[ -d "$1" ] || {{ printf 'absent'; exit 0; }}
cd "$1" || exit 1
printf 'there\\0'
l() {{ find . -mindepth 1 -name '{STAGE}*' -prune -o "$@"; }}
l -type d -printf 'folder\\0%m\\0\\0\\0%P\\0' || exit 1
l -type l -printf 'link\\0\\0\\0%l\\0%P\\0' || exit 1
l -type f -printf 'file\\0%m\\0%s\\0\\0%P\\0' || exit 1
l ! -type d ! -type l ! -type f -printf 'other\\0\\0\\0\\0%P\\0' || exit 1
printf '\\0'
l -type f -exec sha256sum --zero -- {{}} + || exit 1
printf '\\0'
"""
)

_GIVE = (
    _NEEDS.format(programs="tar")
    + """\
cd "$1" || exit 1
exec tar --create --file=- --no-recursion --null --verbatim-files-from --files-from=-
"""
)

# The archive is unpacked whole beside the tree; only then is each file moved into its place.
_TAKE = (
    _NEEDS.format(programs="tar mktemp mv find")
    + f"""\
mkdir -p "$1" && cd "$1" || exit 1
s=$(mktemp -d "$1/{STAGE}XXXXXX") || exit 1
trap 'rm -rf "$s"' EXIT
trap 'exit 1' HUP INT TERM
tar --extract --file=- --directory="$s" --preserve-permissions --no-same-owner || exit 1
cd "$s" || exit 1
find . -mindepth 1 -type d -exec sh -c '
  for d do mkdir -p "$0/$d" && chmod --reference="$d" "$0/$d" || exit 1; done' "$1" {{}} + || exit 1
find . -mindepth 1 ! -type d -exec sh -c '
  for f do mv -fT -- "$f" "$0/$f" || exit 1; done' "$1" {{}} + || exit 1
"""
)

# $1 target, $2 line for known_hosts, $3 the remote shell but for that file, $4 source
_FETCH = (
    _NEEDS.format(programs="rsync ssh mktemp")
    + """\
mkdir -p "$1" || exit 1
k=$(mktemp) || exit 1
trap 'rm -f "$k"' EXIT
trap 'exit 1' HUP INT TERM
printf '%s\\n' "$2" >"$k" || exit 1
rsync --archive --checksum --no-owner --no-group --no-devices --no-specials --protect-args \\
  --from0 --files-from=- --rsh="$3 -o UserKnownHostsFile=$k" -- "$4" "$1/"
"""
)

_REMOVE = """\
cd "$1" || exit 1
xargs -0 -r sh -c 'for f do
  if [ -d "$f" ] && [ ! -L "$f" ]; then rmdir -- "$f" 2>/dev/null || :; else rm -f -- "$f" || exit 255; fi
done' sh
"""

_LINK = """\
if [ -L "$1" ]; then printf 'link:'; readlink -n -- "$1"
elif [ -e "$1" ]; then printf 'other:'
else printf 'absent:'; fi
"""

_SWITCH = """\
[ -e "$2" ] || exit 3
[ -L "$1" ] || [ ! -e "$1" ] || exit 4
n="$1.seawall-new"
rm -f -- "$n" && ln -s -- "$2" "$n" && mv -fT -- "$n" "$1"
"""


class ShellTrees:
    """The files of machines that are reached through a shell."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def look(self, host: Host, path: str, deadline: Deadline) -> Tree | None:
        """Read everything below a folder. See `connectors.files.Trees`."""
        listing = _reading(lambda: self._listing(host, path, deadline), host)
        if listing == b"absent":
            return None
        return _tree(listing, host)

    def carry(self, source: WebRoot, target: WebRoot, names: Sequence[str], deadline: Deadline) -> None:
        """Copy these through here. See `connectors.files.Trees`."""
        wanted = b"".join(_name(name) for name in names)
        pieces = self._shell.stream_from(source.host, _command(_GIVE, source.path), deadline, stdin=wanted)
        output = self._shell.stream_to(target.host, _command(_TAKE, target.path), pieces, deadline)
        self._expect(output, target.host, "the copy")

    def fetch(
        self, source: WebRoot, target: WebRoot, names: Sequence[str], key: str | None, deadline: Deadline
    ) -> None:
        """Let rsync fetch these. See `connectors.files.Trees`."""
        there = source.host
        # The pinned key of the source's machine goes along: its own known_hosts may know it not, or otherwise.
        known = f"[{there.address}]:{there.port} {there.host_key}"
        login = f"ssh -p {there.port} -o BatchMode=yes -o StrictHostKeyChecking=yes -o GlobalKnownHostsFile=/dev/null"
        if key is not None:
            login += f" -o IdentitiesOnly=yes -i '{key}'"
        address = f"[{there.address}]" if ":" in there.address else there.address
        command = _command(_FETCH, target.path, known, login, f"{there.user}@{address}:{source.path}/")
        wanted = b"".join(_name(name) for name in names)
        output = self._shell.run(target.host, command, deadline, stdin=wanted)
        self._expect(output, target.host, "rsync")

    def remove(self, root: WebRoot, names: Sequence[str], deadline: Deadline) -> None:
        """Delete these, what is deepest first. See `connectors.files.Trees`."""
        deepest = sorted(names, key=lambda name: name.count("/"), reverse=True)
        wanted = b"".join(_name(name) for name in deepest)
        output = self._shell.run(root.host, _command(_REMOVE, root.path), deadline, stdin=wanted)
        self._expect(output, root.host, "deleting")

    def link(self, host: Host, path: str, deadline: Deadline) -> str | None:
        """Tell where a link leads. See `connectors.files.Trees`."""
        output = _reading(lambda: self._shell.run(host, _command(_LINK, path), deadline), host)
        what, _, leads = output.stdout.partition(":")
        if what == "other":
            problem = f"{path} is no symbolic link"
            raise WrongTarget(
                problem, where=host.name, remedy="Move it away by hand, and make it a link to a release"
            )
        if output.status or what not in {"link", "absent"}:
            raise DidNothing(f"it cannot be told: {last_words(output)}", where=host.name, remedy="Look there")
        return leads if what == "link" else None

    def switch(self, host: Host, path: str, to: str, deadline: Deadline) -> None:
        """Let a link lead elsewhere. See `connectors.files.Trees`."""
        output = self._shell.run(host, _command(_SWITCH, path, to), deadline)
        problems = {3: f"there is nothing at {to}", 4: f"{path} is no symbolic link"}
        if output.status in problems:
            raise WrongTarget(problems[output.status], where=host.name, remedy="Check the paths")
        self._expect(output, host, "switching the link")

    def warm(self, host: Host, deadline: Deadline) -> None:
        """Have a connection ready. See `connectors.files.Trees`."""
        self._shell.warm(host, deadline)

    def _listing(self, host: Host, path: str, deadline: Deadline) -> bytes:
        listing = bytearray()
        for piece in self._shell.stream_from(host, _command(_LOOK, path), deadline):
            listing += piece
            if len(listing) > _LARGEST:
                problem = f"{path} holds more files than can be compared here"
                raise DidNothing(problem, where=host.name, remedy="Compare its folders one by one")
        return bytes(listing)

    def _expect(self, output: Output, host: Host, what: str) -> None:
        if output.status == NO_PROGRAM and (missing := _missing(output.stderr)):
            raise no_program(missing, host)
        if output.status:
            problem = f"{what} ended with status {output.status}: {last_words(output)}"
            raise MayHaveActed(problem, where=host.name, remedy="Read its words, then compare the two")


def _command(script: str, *arguments: str) -> str:
    return "exec " + shlex.join(("/bin/sh", "-c", script, "seawall", *arguments))


def _name(name: str) -> bytes:
    # Before a name that begins with a hyphen, and it is a name again.
    return b"./" + name.encode("utf-8", "surrogateescape") + b"\0"


def _reading(look: Callable[[], T], host: Host) -> T:
    """Make a call that changes nothing. Raises: DidNothing in place of MayHaveActed."""
    try:
        return look()
    except MayHaveActed as error:
        if missing := _missing(error.problem):
            raise no_program(missing, host) from error
        raise DidNothing(
            error.problem, where=error.where, remedy="Look at the host, then try again"
        ) from error


def _missing(said: str) -> str | None:
    _, found, name = said.partition("no-program ")
    return name.split()[0] if found and name.split() else None


def _tree(listing: bytes, host: Host) -> Tree:
    words = iter(listing.decode("utf-8", "surrogateescape").split("\0"))
    entries: dict[str, Entry] = {}
    try:
        if next(words) != "there":
            raise StopIteration  # noqa: TRY301 - the same as when it ends too soon
        while kind := next(words):
            mode, size, leads, name = (next(words) for _ in range(4))
            entries[name] = Entry(_kind(kind), mode, int(size or 0), leads)
        for name, digest in _digests(words):
            one = entries[name]
            entries[name] = Entry(one.kind, one.mode, one.size, digest)
    except (StopIteration, RuntimeError, ValueError, KeyError):
        problem = "its files changed while they were listed, or the list was cut off"
        raise DidNothing(problem, where=host.name, remedy="Try again when nobody writes there") from None
    return Tree(entries)


def _digests(words: Iterator[str]) -> Iterator[tuple[str, str]]:
    while word := next(words):
        digest, _, name = word.partition("  ./")
        yield name, digest


def _kind(word: str) -> Literal["file", "folder", "link", "other"]:
    match word:
        case "file" | "folder" | "link" | "other":
            return word
        case _:
            raise ValueError(word)
