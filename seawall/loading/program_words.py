"""Words that a program reads as a program: a parameter inside one would be code, however it was quoted.

Nobody can know every program that does so; those that are known are refused, and the reviewer looks for the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from seawall.own_actions import HOLE

_READS_AFTER = {
    **dict.fromkeys(("sh", "bash", "dash", "ksh", "zsh", "ash", "fish", "busybox", "su", "runuser"), "c"),
    **dict.fromkeys(("psql", "flock", "script", "watch"), "c"),
    **dict.fromkeys(("perl", "ruby", "node", "lua"), "e"),
    "php": "r",
    "mysql": "e",
    "sed": "e",
}
"""Programs, and the letter of the option after which they read code."""
_LONG = ("--command", "--eval", "--expression", "--execute", "--print", "--run", "--source")
_FIRST_WORD = ("awk", "gawk", "mawk", "nawk", "sed", "jq", "xargs")
"""Programs that read code, or the name of a program, where others read plain words."""
_EVERY_WORD = ("ssh", "eval", "watch", "parallel", "at", "crontab")
"""Programs that hand all their words to a shell, here or elsewhere."""


def read_as_code(words: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Find the words with a parameter in them that some program would read as code, and say which program."""
    for at, word in enumerate(words):
        program = _program(word)
        if program is None:
            continue
        for index in range(at + 1, len(words)):
            if HOLE.search(words[index]) and _is_code(program, words, at, index):
                yield index, program


def _program(word: str) -> str | None:
    if HOLE.search(word):
        return None
    name = PurePosixPath(word).name
    if re.fullmatch(r"python[0-9.]*|pypy[0-9.]*", name):
        return "python"
    return name if name in {*_READS_AFTER, *_FIRST_WORD, *_EVERY_WORD} else None


def _is_code(program: str, words: Sequence[str], at: int, index: int) -> bool:
    if program in _EVERY_WORD:
        return True
    if program in _FIRST_WORD and all(word.startswith("-") for word in words[at + 1 : index]):
        return True
    letter = "c" if program == "python" else _READS_AFTER.get(program)
    if letter is None:
        return False
    before = words[index - 1]
    short = re.fullmatch(rf"-[A-Za-z]*{letter}[A-Za-z]*", before) is not None and not before.startswith("--")
    joined = re.match(rf"-[A-Za-z]*{letter}.*\{{", words[index]) is not None
    return short or joined or before in _LONG or words[index].startswith(tuple(f"{one}=" for one in _LONG))
