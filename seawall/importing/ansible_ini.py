"""An Ansible inventory in INI: `[group]`, `[group:vars]`, `[group:children]`, and hosts with their variables."""

from __future__ import annotations

import re
import shlex

from seawall.importing.ansible import WANTED, Groups, Value
from seawall.importing.decoding import TextFile

_SECTION = re.compile(r"^\[([^\[\]:]+)(?::(\w+))?\]\s*(?:[#;].*)?$")
_KINDS = ("hosts", "vars", "children")


def read_ini(file: TextFile, groups: Groups) -> None:
    """Take every group and host of the file into `groups`; mistakes go to its draft."""
    group, kind = "ungrouped", "hosts"
    for number, line in enumerate(file.text.splitlines(), 1):
        place, text = f"{file.shown}:{number}", line.strip()
        if not text or text[0] in "#;":
            continue
        if text.startswith("[") and _looks_like_section(text):
            section = _SECTION.match(text)
            if section is None or (section[2] or "hosts") not in _KINDS:
                groups.draft.wrong(
                    place, "this is no section", "Write [group], [group:vars] or [group:children]"
                )
                kind = "vars"
                group = ""
                continue
            group, kind = section[1].strip(), section[2] or "hosts"
            groups.group(group)
        elif kind == "vars":
            _variable(text, place, group, groups)
        elif kind == "children":
            child = text.partition("#")[0].strip()
            groups.group(child)
            groups.group(group).children.setdefault(child, place)
        else:
            _host(text, place, group, groups)


def _looks_like_section(text: str) -> bool:
    return (
        "=" not in text.partition("]")[0]
        and " " not in text.partition("]")[2].strip().partition("#")[0].strip()
    )


def _variable(text: str, place: str, group: str, groups: Groups) -> None:
    name, sign, value = text.partition("=")
    if not sign:
        groups.draft.wrong(place, "this is no variable", "Write NAME=VALUE")
    elif group and name.strip() in WANTED:
        groups.group(group).variables[name.strip()] = Value(
            _unquoted(value.partition(" #")[0].strip()), place
        )


def _host(text: str, place: str, group: str, groups: Groups) -> None:
    try:
        words = shlex.split(text, comments=True)
    except ValueError:
        groups.draft.wrong(place, "a quote on this line is not closed", "Close it")
        return
    if not words:
        return
    variables: dict[str, Value] = {}
    for word in words[1:]:
        name, sign, value = word.partition("=")
        if not sign:
            groups.draft.wrong(place, f"{word!r} is no variable", "Write NAME=VALUE after the host")
        elif name in WANTED:
            variables[name] = Value(value, place)
    written, port = _with_port(words[0])
    if port is not None:
        variables.setdefault("ansible_port", Value(port, place))
    groups.add(group, written, variables, place)


def _with_port(written: str) -> tuple[str, str | None]:
    """Divide `web1:2222`; an address of IPv6 has more than one colon, and stands as it is."""
    name, _, port = written.rpartition(":")
    return (name, port) if name and ":" not in name and port.isdecimal() else (written, None)


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text
