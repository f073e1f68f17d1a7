"""Whatever stands in a file: a clear refusal with its place, or a city that loads. Never anything else."""

from __future__ import annotations

import csv
import io
import string
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.errors import BadInput
from seawall.importing.columns import HEADINGS
from seawall.importing.draft import safe_name
from seawall.importing.sources import KINDS
from seawall.importing.writing import scalar
from seawall.yaml_source import yaml_source
from tests.seawall.importing.made import check_parts, city_of

CELL = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=12)
WORD = st.text(string.ascii_letters + "æøåÆØÅ -_.", min_size=1, max_size=10)
LIKELY = st.sampled_from(
    [
        "",
        "1",
        "4 timer",
        "15 min",
        "=1+1",
        "-",
        "@x",
        "+45",
        "Nord",
        "Syd",
        "ingen",
        "postgres",
        "http://a/",
        "a.dk",
        '"',
        "Ø",
    ]
)
SSH_WORD = st.sampled_from(
    [
        "Host",
        "Match",
        "Include",
        "HostName",
        "Port",
        "User",
        "IdentityFile",
        "web*",
        "!web1",
        "web1",
        "db1",
        "*",
        "all",
        "exec",
        "host",
        "originalhost",
        "user",
        "final",
        "22",
        "0",
        "99999",
        "%h.dk",
        "~/x",
        "conf.d/*",
        '"',
        "#",
        "=",
        "id",
    ]
)
INI_WORD = st.sampled_from(
    [
        "[web]",
        "[web:vars]",
        "[all:vars]",
        "[a:children]",
        "[b:children]",
        "a",
        "b",
        "web",
        "web[01:03].dk",
        "x[a:c]",
        "x[3:1]",
        "[x",
        "'",
        "#",
        ";",
        "=",
        "k=v",
        "h:2222",
        "localhost",
        "ansible_host=192.0.2.1",
        "ansible_user=u",
        "ansible_port=22",
        "ansible_port=no",
        "ansible_user={{x}}",
        "ansible_connection=local",
    ]
)


def lands(text: str | bytes, name: str, **more: Any) -> None:
    """Import a file: it is refused with three parts and a place, or what comes of it loads."""
    with tempfile.TemporaryDirectory() as made:
        path = Path(made) / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        try:
            city_of(Path(made), path, **more)
        except BadInput as error:
            check_parts(error, [path])


@given(
    st.lists(
        st.sampled_from(sorted({one for all_ in HEADINGS.values() for one in all_})) | WORD,
        min_size=1,
        max_size=8,
    ),
    st.lists(st.lists(LIKELY | WORD | CELL, max_size=9), max_size=6),
    st.sampled_from(";,\t"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
)
@settings(deadline=None)
def test_a_spreadsheet_is_refused_or_loads(headings, rows, separator, encoding):
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows([["name", *headings], *rows])
    lands(text.getvalue().encode(encoding, "replace"), "services.csv")


@given(st.lists(st.lists(SSH_WORD, min_size=1, max_size=4).map(" ".join), max_size=12).map("\n".join))
@settings(deadline=None)
def test_an_ssh_configuration_is_refused_or_loads(text):
    lands(text, "ssh_config", kind="ssh-config")


@given(st.lists(st.lists(INI_WORD, min_size=1, max_size=3).map(" ".join), max_size=12).map("\n".join))
@settings(deadline=None)
def test_an_ansible_inventory_in_ini_is_refused_or_loads(text):
    lands(text, "hosts.ini")


KEY = st.sampled_from(
    ["all", "web", "hosts", "children", "vars", "ansible_host", "ansible_user", "h[1:3]", "x.dk", "é"]
)
TREE = st.recursive(
    st.none() | st.sampled_from(["192.0.2.1", "!vault x", "u", "[]", "7"]),
    lambda below: st.dictionaries(KEY, below, max_size=4),
    max_leaves=12,
)


@given(TREE)
@settings(deadline=None)
def test_an_ansible_inventory_in_yaml_is_refused_or_loads(tree):
    lands(_yaml(tree, 0), "hosts.yml")


def _yaml(tree: Any, depth: int) -> str:
    if not isinstance(tree, dict):
        return f" {tree}\n" if tree is not None else "\n"
    lines = [f"{'  ' * depth}{key}:{_yaml(below, depth + 1)}" for key, below in tree.items()]
    return ("\n" if depth else "") + "".join(lines)


@pytest.mark.parametrize("kind", [None, *KINDS])
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(deadline=None)
def test_any_bytes_at_all_are_refused_or_load(kind, content):
    lands(content, "anything", kind=kind)


KNOWN_WORD = st.sampled_from(
    ["web1", "*", "!web1", "|1|eA==|eA==", "|1|", "@revoked", "@what", "[web1]:22", "ssh-ed25519", "AAAA"]
) | st.just("AAAAC3NzaC1lZDI1NTE5AAAAINkgH+rMqNiwg6UO88XNYASpDJLNtl/Bacx7NjrZBSpr")


@given(st.lists(st.lists(KNOWN_WORD, min_size=1, max_size=4).map(" ".join), max_size=5).map("\n".join))
@settings(deadline=None)
def test_known_hosts_are_refused_or_loaded(text):
    with tempfile.TemporaryDirectory() as made:
        config, known = Path(made) / "config", Path(made) / "known_hosts"
        config.write_text("Host web1\n")
        known.write_text(text)
        try:
            city_of(Path(made), config, kind="ssh-config", known_hosts=[known])
        except BadInput as error:
            check_parts(error, [config, known])


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=40).map(
        lambda text: " ".join(text.split())
    )
)
@settings(deadline=None)
def test_whatever_a_cell_holds_is_read_back_as_it_was(text):
    assert yaml_source(f"x: {{a: {scalar(text)}}}", "f").value == {"x": {"a": text}}


@given(st.text(max_size=80))
def test_a_safe_name_is_a_name_or_nothing(text):
    import re

    assert re.fullmatch(r"([a-z0-9][a-z0-9-]{0,62})?", safe_name(text))
    assert safe_name(safe_name(text)) == safe_name(text)
