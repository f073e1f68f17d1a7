"""Names are the domain's, modules stay short, and tests cheat nowhere: what a reader may rely on before reading."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("seawall", "connectors", "flows", "drills", "console", "bench")
OURS = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
LONGEST = 400
BANNED = {"data", "info", "manager", "handler", "helper", "util", "process", "do", "item", "obj"}
BANNED |= {f"{one}s" for one in BANNED} | {"processes", "processing", "handle", "utilities"}
ALLOWED = {
    "this_process": "a process of the operating system, which holds a lock",
    "in_process": "where a flow runs: in a process of the operating system",
    "end_process": "ends a process of the operating system",
    "in_this_process": "as above",
    "processes": "the module that finds and ends the processes of a simulated machine",
    "StopProcess": "the fault `stop-process`, as a scenario spells it",
    "data_directory": "PostgreSQL's own word",
    "do_handshake": "a name that the standard library's ssl calls",
    "handle_RCPT": "a name that aiosmtpd calls",
    "handle_DATA": "a name that aiosmtpd calls",
    "_there_is_something_to_do": "the verb itself",
}
"""Names with a banned word in them, and why there is no better one."""

SLEEPERS = {
    "servers.py: trickling": "a server that misbehaves until its connection is closed",
    "conftest.py: _pump": "a link that holds back what it carries for as long as a test says",
}
"""Functions of tests that sleep with no limit beside it, and why that is no waiting for something else."""


DEFINED = re.compile(r"^ *(?:async +)?(?:class|def) +(\w+)", re.MULTILINE)


def words(name: str) -> set[str]:
    return {one.lower() for one in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def text(path: Path) -> str:
    return path.read_text()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path))


def nodes(path: Path, *mentioned: str) -> Iterator[ast.AST]:
    """What is written in a file; nothing when it mentions none of these, for to go through all of them takes long."""
    return ast.walk(tree(path)) if any(one in text(path) for one in mentioned) else iter(())


def named(path: Path) -> set[str]:
    """The names that a file gives: its own, its classes' and its functions'."""
    return {path.stem, *DEFINED.findall(text(path))}


def test_names_are_the_domains():
    bad = {name: shown(path) for path in OURS for name in named(path) if words(name) & BANNED}
    assert {name: where for name, where in bad.items() if name not in ALLOWED} == {}
    assert set(ALLOWED) <= set(bad), "what is allowed is still there"


def test_a_module_is_short():
    lengths = {shown(path): len(text(path).splitlines()) for path in OURS}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_a_module_opens_with_its_promise():
    assert [shown(path) for path in OURS if not text(path).startswith(('"""', 'r"""')) and text(path)] == []


def test_no_test_is_skipped_or_expected_to_fail():
    found = [
        f"{shown(path)}:{node.lineno}"
        for path in TESTS
        for node in nodes(path, ".skip", ".xfail", ".importorskip")
        if isinstance(node, ast.Attribute)
        and node.attr in {"skip", "skipif", "skipIf", "xfail", "importorskip", "skipTest"}
        and ast.unparse(node).startswith(("pytest.", "self.", "unittest."))
    ]
    assert found == []


def test_no_test_mocks():
    found = []
    for path in (*TESTS, *OURS):
        for node in nodes(path, "mock"):
            names = [one.name for one in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{name}" for name in names]
            found += [f"{shown(path)}: {name}" for name in names if re.match(r"(unittest\.)?mock\b", name)]
    assert found == []


def test_a_test_that_waits_has_a_limit():
    """Best effort: who sleeps in a loop looks at a clock, counts, or watches a process of its own in that function."""
    limits = ("monotonic", "range(", "poll()", "deadline", "patience")
    found = set()
    for path in TESTS:
        for function in nodes(path, "sleep("):
            if not isinstance(function, ast.FunctionDef) or not sleeps_in_a_loop(function):
                continue
            if not any(limit in ast.unparse(function) for limit in limits):
                found.add(f"{path.name}: {function.name}")
    assert found == set(SLEEPERS)


def sleeps_in_a_loop(function: ast.FunctionDef) -> bool:
    loops = [one for one in ast.walk(function) if isinstance(one, ast.While | ast.For)]
    calls = (one for loop in loops for one in ast.walk(loop) if isinstance(one, ast.Call))
    return any(ast.unparse(call.func) in {"time.sleep", "sleep", "asyncio.sleep"} for call in calls)
