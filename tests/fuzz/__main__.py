"""Fuzz the readers, guided by what of the code each input reaches: `make fuzz FOR=1m`, or `... READER=journal`.

What breaks a reader is kept in .fuzz/ and shown; put it into tests/fuzz/found/READER/ with the mend, where a test of
`make` reads it from then on.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from seawall.model import duration

KEPT = Path(".fuzz")
LONGEST = 20_000
"""Bytes of an input at most: a reader that breaks breaks on little."""


def main(argv: Sequence[str]) -> int:
    """Fuzz every reader in turn, each in a process of its own, sharing the time."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--for", dest="lasts", type=duration, default=duration("1m"))
    parser.add_argument("--reader")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.here:
        _fuzz(given.reader, given.lasts.total_seconds())
    from tests.fuzz.readers import READERS

    names = [given.reader] if given.reader else list(READERS)
    if unknown := set(names) - set(READERS):
        parser.error(f"there is no reader {unknown.pop()}; there are {', '.join(READERS)}")
    share = max(1, round(given.lasts.total_seconds() / len(names)))
    broken = [name for name in names if _in_its_own_process(name, share)]
    _say(f"Broken: {', '.join(broken)}; see {KEPT}/" if broken else "Nothing broke.")
    return 1 if broken else 0


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def _in_its_own_process(name: str, seconds: int) -> int:
    _say(f"{name}: {seconds} s")
    command = [sys.executable, "-m", "tests.fuzz", "--here", "--reader", name, "--for", f"{seconds}s"]
    return subprocess.run(command, check=False).returncode


def _fuzz(name: str, seconds: float) -> None:
    """Fuzz one reader; libFuzzer ends the process."""
    import atheris  # in a folder of its own: tests/fuzz.lock

    with atheris.instrument_imports(include=["seawall"]):
        from tests.fuzz.readers import refuses_or_reads, seeds
    corpus, found = Path(tempfile.mkdtemp(prefix="seawall-fuzz-")), KEPT / name
    found.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(name)):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = [f"-max_total_time={seconds:.0f}", f"-max_len={LONGEST}", f"-artifact_prefix={found}/"]
    quiet = ["-verbosity=0", "-print_final_stats=1", "-rss_limit_mb=2048", "-timeout=10"]
    atheris.Setup(
        [sys.argv[0], *options, *quiet, str(corpus)], lambda content: refuses_or_reads(name, content)
    )
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
