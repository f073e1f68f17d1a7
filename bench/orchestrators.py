"""A hundred steps that do nothing, one after another: by our driver, by it as a Prefect flow, and by ansible-core.

Ours flush their journal to the disk twice a step; Ansible keeps none. `meta: noop` is a task that Ansible does not even
send to a host; `command: true` is the least that it carries out, here over its local connection, in a play of its own.

Run as `python -m bench.orchestrators plain|prefect RUNS RUN`, one of our runs in a process of its own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CalledProcessError
from tempfile import TemporaryDirectory

from bench.driver import chain, idle_world
from bench.programs import as_installed, seconds
from bench.shape import LEAST, Measured, Samples, ratio
from flows.server import prefect_environment, prefect_server
from seawall.carrying import carry_out
from seawall.hands import ThreadHands
from seawall.journal import Ended, Started
from seawall.journal_file import read_journal
from seawall.run_folder import RunFolder, create_run

STEPS = 100
ANSIBLE = str(Path(sys.executable).with_name("ansible-playbook"))
TASKS = {"meta: noop": "meta: noop", "command: true": "ansible.builtin.command: {cmd: 'true'}"}
TRIES, MISSED = 4, 75
"""A run that Prefect was too busy to see costs less than one that it saw, and is not counted."""
FEW = {"command: true": 20}
"""A play of fewer tasks, where a hundred take half a minute; what is compared is the cost of one."""


def run() -> Measured:
    """Measure them in turn."""
    steps: dict[str, list[float]] = {}
    whole: dict[str, list[float]] = {}
    with TemporaryDirectory(prefix="steps-") as temporary, prefect_server(Path(temporary) / "prefect") as url:
        folder = Path(temporary)
        plain = as_installed(folder / "bytecode")
        ours = {
            "seawall": ("plain", plain),
            "seawall as a Prefect flow": ("prefect", {**plain, **prefect_environment(url)}),
        }
        seconds(
            [sys.executable, "-c", "import flows.as_flow"], plain
        )  # writes Prefect's bytecode: several seconds
        plays = {
            f"ansible-core, {name}": (FEW.get(name, STEPS), _play(folder, name, task))
            for name, task in TASKS.items()
        }
        for number in range(LEAST + 1):
            for name, (way, environment) in ours.items():
                took, each = _ours(folder / "runs", way, environment)
                if number:  # the first one writes Python's bytecode
                    whole.setdefault(name, []).append(took)
                    steps.setdefault(name, []).append(each)
            for name, (count, (many, one)) in plays.items() if number else ():
                took, less = (_ansible(play, folder, plain) for play in (many, one))
                whole.setdefault(f"{name} ({count})" if count != STEPS else name, []).append(took)
                steps.setdefault(name, []).append(1000 * (took - less) / (count - 1))
    each_of = [Samples(of=f"a step, {name}", unit="ms", values=tuple(of)) for name, of in steps.items()]
    whole_of = [
        Samples(of=f"{STEPS} steps and the program, {name}", unit="s", values=tuple(of))
        for name, of in whole.items()
    ]
    return Measured(
        question="What does a step cost that does nothing?",
        samples=(*each_of, *whole_of),
        ratios=tuple(ratio(other, each_of[0]) for other in each_of[1:]),
        beside="A step of Ansible's: what a play takes beyond one of a single task, by the tasks it has more.",
    )


def _ours(runs: Path, way: str, environment: Mapping[str, str]) -> tuple[float, float]:
    """Return the seconds that the program took, and a step's milliseconds, from the first's beginning to the end."""
    for _ in range(TRIES):
        made = create_run(runs, chain(STEPS), by="bench", version="bench", now=_now())
        try:
            took = seconds(
                [sys.executable, "-m", "bench.orchestrators", way, str(runs), made.id], environment
            )
        except CalledProcessError as error:
            if error.returncode != MISSED:
                raise
        else:
            break
    else:
        sys.exit(
            f"bench: {TRIES} times Prefect was not ready when a flow began; measure on a machine less busy"
        )
    events = read_journal(made.journal_path)
    first = next(one.at for one in events if isinstance(one, Started))
    last = next(one.at for one in events if isinstance(one, Ended))
    return took, 1000 * (last - first).total_seconds() / STEPS


def _play(folder: Path, name: str, task: str) -> tuple[Path, Path]:
    """Write a play of many tasks and one of a single task."""
    head = "- hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n"
    written = []
    for count in (FEW.get(name, STEPS), 1):
        play = folder / f"{name.partition(':')[0]}-{count}.yaml"
        play.write_text(head + f"    - {task}\n" * count, encoding="utf-8")
        written.append(play)
    return written[0], written[1]


def _ansible(play: Path, folder: Path, environment: Mapping[str, str]) -> float:
    return seconds(
        [ANSIBLE, "-i", "localhost,", str(play)],
        {
            **environment,
            "ANSIBLE_HOME": str(folder / "ansible"),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "ANSIBLE_PIPELINING": "true",
            "LC_ALL": "C.UTF-8",
        },
    )


def _now() -> datetime:
    return datetime.now(UTC)


def main(arguments: Sequence[str]) -> None:
    """Carry one run out, in this process."""
    way, runs, name = arguments
    run_ = RunFolder(Path(runs), name)
    with idle_world() as world:
        if way == "plain":
            carry_out(run_, ThreadHands(world, _now), _now, by="bench")
        else:
            from flows.view import carry_out_with_prefect

            _, view = carry_out_with_prefect(run_, world, _now, by="bench")
            if view.missed:
                sys.exit(MISSED)
    sys.stdout.flush()
    os._exit(0)  # as `seawall` does: Prefect's threads would keep an ordinary exit waiting


if __name__ == "__main__":
    main(sys.argv[1:])
