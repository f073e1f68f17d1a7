"""Whatever a file holds, reading it gives a value or a BadInput that says where and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from seawall.errors import BadInput
from seawall.yaml_source import YamlSource, read_yaml, yaml_source
from seawall.yaml_source.nodes import compose
from seawall.yaml_source.plain import NOT_PLAIN, plain_value
from seawall.yaml_source.text import decoded
from seawall.yaml_source.values import scalar, value_of

NO_YAML = {
    "nothing": "",
    "only a comment": "# only a comment\n",
    "only a beginning": "---\n",
    "a colon in a value": "does: Text: and more\n",
    "a line without its colon": "a\nb: c\n",
    "a last line without its colon": "a: 1\nb\n",
    "something after a quote": "a: 'x' y\n",
    "a key after a list": "- a\nb: c\n",
    "an open brace": "a: {b: c\nd: e\n",
    "an open bracket": "a: [b\nc: d\n",
    "an open quote": 'a: "x\n',
    "an alias to nothing": "a: *b\n",
    "an at sign": "a: @b\n",
    "a list on the line of its key": "a: - b\n",
    "an escape there is not": 'a: "\\q"\n',
    "two documents": "a: 1\n---\nb: 2\n",
    "another YAML": "%YAML 3.0\n---\na: 1\n",
    "a tag": "a: !!python/object:os.system x\n",
    "a number as key": "1: x\n",
    "yes or no as key": "true: x\n",
    "a mapping as key": "{a: b}: c\n",
    "a key twice": "a: 1\nb: 2\na: 3\n",
    "a control character": 'a: "\\0"\n',
    "too deep": "[" * 100_000,
    "too deep in one line": "- " * 51 + "a\n",
    "too many parts": "- \n" * 250_000,
    "a snake that eats itself": "a: &a {b: *a}\n",
    "a bomb of aliases": "\n".join(
        ["a0: &a0 [x]", *(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10))]
    ),
}
NO_TEXT = {
    "Latin-1": b"name: bl\xe5\n",
    "a byte that UTF-8 never has": b"a: \xc3\xa5\nb: \xff",
    "a program": b"\x7fELF\x00\x01",
    "a zero byte": b"a\x00b",
    "a line separator": "a: b\u2028c".encode(),
    "tabs": b"a:\n\tb: 1\n  \tc: 2\n",
}


@pytest.mark.golden
@pytest.mark.slow
def test_what_is_no_yaml_of_ours_is_refused_with_its_place_and_a_remedy(golden):
    golden(
        "loading/yaml.txt", "".join(f"{name}\n{refusal(text.encode())}\n\n" for name, text in NO_YAML.items())
    )


@pytest.mark.golden
def test_bytes_that_are_no_text_are_refused_with_their_place(golden):
    golden("loading/bytes.txt", "".join(f"{name}\n{refusal(raw)}\n\n" for name, raw in NO_TEXT.items()))


def refusal(raw: bytes) -> str:
    with pytest.raises(BadInput) as refused:
        yaml_source(decoded(raw, "x.yaml"), "x.yaml")
    return str(refused.value)


def test_a_file_that_cannot_be_read_says_why(tmp_path):
    large = tmp_path / "large.yaml"
    large.write_bytes(b"a: b\n" * 500_000)
    cases = {
        tmp_path / "none.yaml": "there is no such file. Check the name, and the folder you are in.",
        tmp_path: "is a folder, not a file. Name a YAML file.",
        Path("/dev/zero"): "is not an ordinary file. Name a YAML file.",
        Path("/proc/self/mem"): "cannot be read: input/output error. "
        "Check the name, the file's permissions and its disk.",
        tmp_path
        / "nul\0": "cannot be read: embedded null byte. Check the name, the file's permissions and its disk.",
        large: "has 2.5 MB, and at most 2 MB are read. Divide it into several files.",
    }
    for path, said in cases.items():
        with pytest.raises(BadInput) as refused:
            read_yaml(path, "x")
        assert str(refused.value) == f"x: {said}"


def test_a_byte_order_mark_and_windows_line_ends_are_no_mistakes(tmp_path):
    path = tmp_path / "windows.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: [2,\r\n  3]\r\n")
    source = read_yaml(path)
    assert source.value == {"a": 1, "b": [2, 3]}
    assert source.where(("b", 1)) == f"{path}:3:3"


CORE_SCHEMA = {
    "no": "no",
    "on": "on",
    "off": "off",
    "yes": "yes",
    "12:30": "12:30",
    "2026-10-01": "2026-10-01",
    "010": 10,
    "0o17": 15,
    "0x1F": 31,
    "-12": -12,
    "1e3": 1000.0,
    ".5": 0.5,
    "-.inf": float("-inf"),
    "~": None,
    "null": None,
    "true": True,
    "False": False,
    "1_000": "1_000",
    "+45 00 00 00 01": "+45 00 00 00 01",
    '"1"': "1",
    "'true'": "true",
    "!!str 5": "5",
    "9" * 10_000: float("inf"),
}


@pytest.mark.parametrize(("written", "meant"), CORE_SCHEMA.items(), ids=lambda one: str(one)[:20])
def test_scalars_mean_what_yaml_1_2_says(written, meant):
    value = yaml_source(f"a: {written}\n", "x").value["a"]
    assert value == meant
    assert type(value) is type(meant)


TEXT = """\
services:
  login: {title: Log ind, needs: [dns,
    register]}
  'odd name':
    tier: 1
empty:
"""
PLACES = [
    ((), "x:1:1", "x:1:1"),
    (("services",), "x:2:3", "x:1:1"),
    (("services", "login", "title"), "x:2:18", "x:2:11"),
    (("services", "login", "needs", 1), "x:3:5", "x:3:5"),
    (("services", "odd name", "tier"), "x:5:11", "x:5:5"),
    (("empty",), "x:6:1", "x:6:1"),
    (("services", "login", "nothing", "there"), "x:2:10", "x:2:3"),
]


@pytest.mark.parametrize(("path", "value", "key"), PLACES)
def test_every_path_has_the_place_of_its_value_and_of_its_key(path, value, key):
    source = yaml_source(TEXT, "x")
    assert (source.where(path), source.where(path, key=True)) == (value, key)


def test_a_line_is_rewritten_where_the_value_stands_and_nowhere_else():
    source = yaml_source(TEXT, "x")
    title = source.spot(("services", "login", "title")).value
    assert source.rewritten(title, "X") == "  login: {title: X, needs: [dns,"
    assert source.rewritten(source.spot(("services", "login", "needs")).value, "X") is None


def test_no_line_with_a_secret_in_it_is_shown_again():
    for line in ("{user: ops, password: hunter2}", '{a: b, secret_key: "hunter2"}'):
        source = yaml_source(f"{line}\n", "x")
        assert source.rewritten(source.spot((next(iter(source.value)),)).value, "new") is None
    for text in ("api_token: hunter2: x\n", "a:\n\tpassword: hunter2\n"):
        assert "hunter2" not in refusal(text.encode())


def test_mistakes_that_leave_a_value_are_kept_for_a_reader_that_goes_on(tmp_path):
    path = tmp_path / "twice.yaml"
    path.write_text("a: 1\na: 2\n5: 6\n")
    source = read_yaml(path, "twice.yaml", go_on=True)
    assert source.value == {"a": 1}
    assert [one.where for one in source.mistakes] == ["twice.yaml:2:1", "twice.yaml:3:1"]


def read_or_refuse(raw: bytes) -> YamlSource | None:
    try:
        return yaml_source(decoded(raw, "x"), "x")
    except BadInput as refused:
        if not all(one.where and one.problem and one.remedy for one in refused.mistakes):
            raise
        return None


PIECES = st.sampled_from(
    [
        *"{}[]:,-?&*!|>'\"%@`#\n\t \\~aé\x00",
        "- ",
        ": ",
        "b: ",
        "<<",
        "&a ",
        "*a ",
        "---\n",
        "...\n",
        "!!int ",
        "0x",
        "\\u0",
    ]
)


@given(st.binary(max_size=200) | st.lists(PIECES, max_size=60).map(lambda some: "".join(some).encode()))
def test_no_bytes_lead_to_anything_but_a_value_or_a_refusal(raw):
    source = read_or_refuse(raw)
    if source is not None:
        source.where(("a", 0, "b"))


# PyYAML writes by YAML 1.1, where 1e3 and 0o17 are words; those are left out.
WORDS = st.text(max_size=8).filter(lambda text: isinstance(scalar(text), str) or not text)
SCALARS = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | WORDS
VALUES = st.recursive(
    SCALARS,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(WORDS, inside, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(WORDS, VALUES, min_size=1, max_size=4), st.booleans())
def test_what_was_written_is_what_is_read(value, in_flow):
    source = read_or_refuse(yaml.safe_dump(value, allow_unicode=True, default_flow_style=in_flow).encode())
    if source is not None:  # control characters are refused
        assert source.value == value


@given(st.lists(PIECES, max_size=60).map("".join))
def test_what_is_read_straight_is_what_is_read_over_nodes(text):
    value = plain_value(text)
    if value is not NOT_PLAIN:
        root = compose(text, "x.yaml")
        assert root is not None
        assert value_of(root, "x.yaml") == (value, ())


@pytest.mark.parametrize("text", NO_YAML.values(), ids=NO_YAML)
def test_nothing_that_is_refused_is_read_straight(text):
    assert plain_value(text) in {NOT_PLAIN, None}


def test_an_ordinary_file_is_read_straight():
    text = "a: {b: [1, no, ~], c: 'x'}\nd:\n  - e: |\n      f\n"
    assert plain_value(text) == {"a": {"b": [1, "no", None], "c": "x"}, "d": [{"e": "f\n"}]}
