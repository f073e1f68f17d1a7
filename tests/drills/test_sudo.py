"""Real sudo: the printed lines are enough for all that is done beside a server, each is needed, and no more goes.

Each of the lab's two machines has a place of its own, with accounts and a sudoers that only it sees. There Seawall logs
in as an account that can do nothing itself, and the server runs as another.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.backup import PostgresTools
from connectors.postgres import program as programs
from connectors.rights import sudoers
from connectors.rights.gathered import Rights, gather
from connectors.rights.seen import allowed_by_sudo, missing
from drills.lab.account import servers_account
from drills.lab.layout import LabLayout
from drills.lab.machine import PATH
from drills.lab.processes import LAB_MARK, MACHINE_MARK, marks
from drills.lab.sshd import ACCOUNT
from seawall.actions import Deadline
from seawall.errors import CallError, Finding, MayHaveActed
from seawall.inventory import About, Inventory
from seawall.model import Text
from seawall.needed import Asked, asked_of
from seawall.targets import Server
from tests.connectors.conftest import free_port, until
from tests.connectors.pairs import PairInLab
from tests.connectors.servers import answers
from tests.connectors.test_postgres import FenceContract, LooksContract, PromoteContract, ReturnContract
from tests.drills.own_accounts import OwnAccounts, own_accounts

pytestmark = pytest.mark.root

LOGS_IN = 61801
"""The number of the account that Seawall logs in with; nobody on this machine has it."""
NOWHERE = Inventory(city=About(name="nowhere", title=Text(en="Nowhere")), sites={})


@dataclass
class Machine:
    """One of the two, as it is entered by an account that is not the server's own."""

    server: Server
    place: OwnAccounts
    lab: LabLayout
    home: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def enter(self) -> None:
        """Have SSH answer here, as the account that Seawall logs in with."""
        if self._answers():
            return
        host, kept = self.server.host, self.lab.credentials
        options = {
            "address": host.address,
            "port": host.port,
            "host-key": kept.path(f"host_key_{host.name}"),
            "authorized": kept.path("ssh_key.pub"),
            "home": self.home,
            "path": f"{self.home}:{PATH}",
            "uid": LOGS_IN,
            "gid": LOGS_IN,
        }
        words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
        command = self.place.command(sys.executable, "-m", "drills.lab.sshd", *words)
        known_by = ";".join(f"{name}={value}" for name, value in marks(self.lab.places, host.name).items())
        started = subprocess.Popen(
            [sys.executable, "-m", "tests.drills.reaper", known_by, *command],
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        )
        self.started.append(started)
        until(self._answers, f"SSH on {host.name}")

    def leave(self) -> None:
        for one in self.started:
            one.kill()
            one.wait()

    def _answers(self) -> bool:
        return answers(self.server.host.address, self.server.host.port)


class PairBySudo(PairInLab):
    """The lab's pair, worked on by sudo."""

    rights: Rights

    def __init__(self, lab: LabLayout, machines: dict[str, Machine]) -> None:
        super().__init__(lab)
        self.machines = machines
        self.north, self.south = (machines[f"{site}-db"].server for site in ("north", "south"))

    def fresh(self) -> None:
        super().fresh()
        for machine in self.machines.values():
            machine.enter()

    def come_back(self, server: Server) -> None:
        super().come_back(server)
        self.machines[server.host.name].enter()


def rights_of(north: Server, south: Server, world) -> Rights:
    """What every action of `postgres.*`, and taking a backup, needs at both."""
    asked: list[Asked] = []
    for one, other in ((north, south), (south, north)):
        names = {"server": one, "primary": other, "peer": other, "old": other}
        args = {name: target.model_dump(mode="json") for name, target in names.items()}
        for action in world:
            if action.startswith("postgres."):
                asked += asked_of(action, args, world)
    from connectors.backup import needs

    asked += [
        Asked("backup.take", need, one)
        for one in (north, south)
        for need in needs.TAKE
        if need.of == "server"
    ]
    return gather(asked, NOWHERE)


@pytest.fixture(scope="module")
def sudo_pair(own_lab) -> Iterator[PairBySudo]:
    account = servers_account()
    with contextlib.ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="sw-sudo-", dir="/var/tmp"))
        folder.chmod(0o711)
        stack.callback(shutil.rmtree, folder)
        machines: dict[str, Machine] = {}
        for name in ("north-db", "south-db"):
            server = own_lab.servers[f"{name}/login"]
            home, etc = folder / f"{name}-home", folder / f"{name}-etc"
            home.mkdir(mode=0o755)
            etc.mkdir()
            hostname = home / "hostname"
            hostname.write_text(f"#!/bin/sh\necho {name}\n")
            hostname.chmod(0o755)
            place = stack.enter_context(
                own_accounts(etc, {ACCOUNT: LOGS_IN}, keeps=f"{LAB_MARK} {MACHINE_MARK}")
            )
            host = server.host.model_copy(update={"port": free_port()})
            moved = server.model_copy(update={"host": host, "sudo_as": account.name})
            machines[name] = Machine(moved, place, own_lab, home)
            stack.callback(machines[name].leave)
        made = PairBySudo(own_lab, machines)
        stack.enter_context(made.world)
        rights = rights_of(made.north, made.south, made.world)
        for machine in machines.values():
            install(machine, rights)
        made.rights = rights
        yield made


def install(machine: Machine, rights: Rights, without: str | None = None) -> str:
    """Do what the written file says at its top; `without` leaves the line for one word out."""
    for server, text in sudoers.programs(rights, machine.server.host):
        machine.place.install(server.program, text)
    written = dict(sudoers.files(rights, machine.server.host))["sudoers"]
    kept = [line for line in written.splitlines() if without is None or not line.endswith(f" {without}")]
    machine.place.allow("seawall", "\n".join((*kept, "")))
    return written


def is_marked(server: Server) -> bool:
    return Path(server.data_directory, "standby.signal").exists()


class TestEnough(LooksContract, FenceContract, PromoteContract, ReturnContract):
    """All that is promised of `postgres.*`, with the printed lines and nothing else."""

    @pytest.fixture
    def pair(self, sudo_pair):
        sudo_pair.fresh()
        return sudo_pair

    def test_the_lines_parse(self, pair, tmp_path):
        written = install(pair.machines["north-db"], pair.rights)
        file = tmp_path / "sudoers"
        file.write_text(written)
        assert subprocess.run(["visudo", "-cf", file], check=False, capture_output=True).returncode == 0
        lines = [line for line in written.splitlines() if not line.startswith("#")]
        assert len(lines) == len(programs.PARTS)
        assert not [line for line in lines if "*" in line or "(root)" in line or "ALL=(ALL" in line]

    def test_a_backup_is_taken_by_the_account_itself_after_asking_which_server_it_is(self, pair):
        tools = PostgresTools(pair.shell, pair.vault)
        assert (
            sum(map(len, tools.base(pair.north, "label", Deadline.within(timedelta(seconds=60)))))
            > 10_000_000
        )
        other = pair.north.model_copy(update={"port": 1})
        with pytest.raises(MayHaveActed, match="wrong: port"):
            list(tools.base(other, "label", Deadline.within(timedelta(seconds=30))))


class TestEachIsNeeded:
    @pytest.fixture
    def pair(self, sudo_pair):
        sudo_pair.fresh()
        yield sudo_pair
        install(sudo_pair.machines["north-db"], sudo_pair.rights)

    def refusal(self, pair, name: str, **args) -> CallError:
        with pytest.raises(CallError) as caught:
            pair.perform(name, seconds=20, **args)
        return caught.value

    @pytest.mark.parametrize("word", sorted(programs.PARTS))
    def test_the_line_that_is_missing_is_named_and_no_other(self, pair, word):
        install(pair.machines["north-db"], pair.rights, without=word)
        soon = Deadline.within(timedelta(seconds=60))
        marks_seen = allowed_by_sudo(pair.shell, pair.rights, pair.north.host, soon)
        assert missing(marks_seen) == (f"{pair.north.program} {word}",)

    @pytest.mark.parametrize(
        ("word", "action", "args"),
        [
            ("look", "postgres.is-fenced", ("server",)),
            ("fence", "postgres.fence", ("server",)),
            ("divergence", "postgres.divergence", ("server", "primary")),
            ("start-standby", "postgres.start", ("server",)),
            ("unfence", "postgres.unfence", ("server", "peer")),
            ("keep", "postgres.rejoin", ("server", "primary")),
            ("start-following", "postgres.rejoin", ("server", "primary")),
            ("rewind", "postgres.rejoin", ("server", "primary")),
            ("rebuild", "postgres.rebuild", ("server", "primary")),
        ],
    )
    def test_without_its_line_an_action_is_refused_and_says_which_is_missing(self, pair, word, action, args):
        if "primary" in args:
            self.part(pair)
        elif action != "postgres.is-fenced" and word != "fence":
            pair.perform("postgres.fence", server=pair.north)
        install(pair.machines["north-db"], pair.rights, without=word)
        more = {"by": ("stopped",)} if word == "fence" else {}
        targets = {name: pair.north if name == "server" else pair.south for name in args}
        error = self.refusal(pair, action, **targets, **more)
        assert pair.north.program in error.problem
        assert "sudo on north-db does not let" in error.problem

    def test_without_the_line_for_history_nothing_can_be_compared(self, pair):
        self.part(pair)
        machine = pair.machines["south-db"]
        install(machine, pair.rights, without="history")
        try:
            error = self.refusal(pair, "postgres.divergence", server=pair.north, primary=pair.south)
        finally:
            install(machine, pair.rights)
        assert error.finding is Finding.RIGHTS

    def test_without_the_line_for_identity_no_backup_is_taken(self, pair):
        install(pair.machines["north-db"], pair.rights, without="identity")
        tools = PostgresTools(pair.shell, pair.vault)
        with pytest.raises(MayHaveActed, match="sudo did not let us look"):
            list(tools.base(pair.north, "label", Deadline.within(timedelta(seconds=30))))

    def part(self, pair) -> None:
        pair.write(pair.north, "both")
        until(lambda: pair.words(pair.south) == {"both"}, "the row at the standby")
        pair.cut_link()
        pair.write(pair.north, "alone")
        pair.lose(pair.north)
        evidence = pair.perform("postgres.fence", server=pair.north)
        pair.perform("postgres.promote", server=pair.south, old=pair.north, evidence=evidence)
        pair.come_back(pair.north)
        pair.restore_link()


class TestNoMore:
    @pytest.fixture
    def north(self, sudo_pair) -> Machine:
        sudo_pair.fresh()
        machine: Machine = sudo_pair.machines["north-db"]
        return machine

    def by_hand(self, north: Machine, *words: str, stdin: str = "LIMIT 5\n\n"):
        account = str(north.server.sudo_as)
        return north.place.run_as(LOGS_IN, "sudo", "-n", "-u", account, "--", *words, stdin=stdin)

    @pytest.mark.parametrize(
        "words",
        [
            ["sh", "-c", "id"],
            ["PROGRAM"],
            ["PROGRAM", "bogus"],
            ["PROGRAM", "look", "inside"],
            ["PROGRAM", "look x"],
        ],
        ids=str,
    )
    def test_nothing_else_may_be_said(self, north, words):
        words = [north.server.program if word == "PROGRAM" else word for word in words]
        refused = self.by_hand(north, *words)
        assert refused.returncode != 0
        assert "sudo:" in refused.stderr

    def test_nothing_is_allowed_as_root(self, north):
        refused = north.place.run_as(LOGS_IN, "sudo", "-n", north.server.program, "look")
        assert refused.returncode != 0

    def test_a_program_that_was_changed_is_not_run(self, sudo_pair, north):
        assert self.by_hand(north, north.server.program, "look").returncode == 0
        ((_, text),) = sudoers.programs(sudo_pair.rights, north.server.host)
        north.place.install(north.server.program, text + "\n# and one line more\n")
        try:
            assert "sudo:" in self.by_hand(north, north.server.program, "look").stderr
        finally:
            install(north, sudo_pair.rights)

    @pytest.mark.parametrize(
        "line",
        [
            "TIMELINE 1;id", "TIMELINE $(id)", "WITHIN -1", "STAMP ../../x", "HISTORY 1 0/3'", "PEER elsewhere/login",
            "B /tmp", "LIMIT 1s", "HOST 192.0.2.1",
        ],
    )  # fmt: skip
    def test_what_is_not_exactly_of_its_kind_is_refused_before_anything_is_done(self, north, line):
        before = is_marked(north.server)
        refused = self.by_hand(north, north.server.program, "fence", stdin=f"{line}\n\n")
        assert refused.returncode == 91
        assert refused.stdout.startswith("refused\t")
        assert is_marked(north.server) == before

    @pytest.mark.parametrize("line", ["D /tmp", "IDENTIFIER 1", "CLUSTER other"])
    def test_nothing_is_done_for_whoever_means_another_server(self, north, line):
        before = is_marked(north.server)
        refused = self.by_hand(north, north.server.program, "fence", stdin=f"{line}\n\n")
        assert refused.returncode == 90
        assert is_marked(north.server) == before

    def test_the_account_that_logs_in_cannot_do_it_without_sudo(self, north):
        assert north.place.run_as(LOGS_IN, north.server.program, "look", stdin="LIMIT 5\n\n").returncode != 0

    def test_variables_of_the_caller_do_not_come_through(self, north):
        account = str(north.server.sudo_as)
        words = (
            "env",
            "TIMELINE=9",
            "PEER=x",
            "LD_PRELOAD=/nonexistent.so",
            "sudo",
            "-n",
            "-u",
            account,
            "--",
        )
        ran = north.place.run_as(LOGS_IN, *words, north.server.program, "look", stdin="LIMIT 5\n\n")
        assert ran.returncode == 0
        assert "running\tyes" in ran.stdout

    def test_its_limit_ends_it_though_nobody_may_signal_it(self, north):
        waits = self.by_hand(
            north, north.server.program, "keep", stdin="LIMIT 0.3\nWITHIN 1\nHISTORY 1 0/1\n\n"
        )
        assert waits.returncode != 0


ODD = "appointments\\x2dnew@1:a=b,c*?[x].service"
"""A unit's name with everything in it that means something in sudoers."""


def test_a_command_as_root_is_allowed_word_for_word_and_no_other(sudo_pair):
    machine = sudo_pair.machines["north-db"]
    rights = Rights()
    command = ("/usr/bin/printf", "%s", "restart", ODD)
    rights.commands[machine.server.host][command] = {"systemd.restart": None}
    (line,) = sudoers.lines(rights, machine.server.host)
    machine.place.allow("units", f"{line.text}\n")
    try:

        def said(*words: str) -> str:
            ran = machine.place.run_as(LOGS_IN, "sudo", "-n", *words)
            return ran.stdout if ran.returncode == 0 else "no"

        assert said(*command) == f"restart{ODD}"
        for other in (
            ODD.replace("*", "x"),
            ODD.replace("?", "y"),
            ODD.replace("[x]", "x"),
            f"{ODD} more",
            "x.service",
        ):
            assert said(*command[:-1], other) == "no"
        assert said(*command, "more") == "no"
        assert said("/usr/bin/printf", "%s", "stop", ODD) == "no"
    finally:
        machine.place.allow("units", "")
