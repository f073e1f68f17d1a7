"""systemd over a shell on its machine: `systemctl show` to look, and three words that change something.

Source: systemctl(1) of systemd 252: `show --property=` prints KEY=VALUE a line, also for a unit that does not exist;
start and stop wait for their job. sudo(8): `-n` never asks for a password.
"""

from __future__ import annotations

from connectors.systemd import Shown, Verb
from connectors.words import last_words, run_words
from seawall.actions import Deadline, Shell
from seawall.errors import DidNothing, MayHaveActed
from seawall.targets import Host, Unit

PROPERTIES = ("LoadState", "ActiveState", "SubState", "UnitFileState", "InvocationID")
REFUSED = (
    "is not allowed to execute",
    "Access denied",
    "Interactive authentication required",
    "Failed to connect to bus",
    "System has not been booted with systemd",
)
"""What systemctl or sudo say when nothing came of it."""


class Systemctl:
    """The systemd of machines that are reached through a shell."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def show(self, unit: Unit, deadline: Deadline) -> Shown:
        """Tell how a unit is. See `connectors.systemd.Units`."""
        words = ("systemctl", "show", "--no-pager", f"--property={','.join(PROPERTIES)}", unit.unit)
        try:
            output = run_words(self._shell, unit.host, words, deadline)
        except MayHaveActed as error:
            raise DidNothing(error.problem, where=str(unit), remedy="Look at the machine") from error
        said = dict(line.partition("=")[::2] for line in output.stdout.splitlines())
        if output.status or not said.get("ActiveState"):
            problem = f"systemctl did not tell: {last_words(output)}"
            raise DidNothing(problem, where=str(unit), remedy=f"Try `{' '.join(words)}` on {unit.host}")
        return Shown(*(said.get(name, "") for name in PROPERTIES))

    def order(self, unit: Unit, verb: Verb, deadline: Deadline) -> str:
        """Ask for a change and wait for it. See `connectors.systemd.Units`."""
        words = ["systemctl", "--no-ask-password", verb, unit.unit]
        programs = ["systemctl"]
        if unit.sudo:
            words = ["sudo", "-n", *words]
        output = run_words(self._shell, unit.host, words, deadline, programs=programs)
        if output.status == 0:
            return ""
        said = last_words(output)
        # Where its machine's name is not to be resolved, sudo says so each time, and runs the command all the same.
        of_systemctl = "\n".join(line for line in said.splitlines() if not line.startswith("sudo: "))
        by_sudo = output.status == 1 and not of_systemctl
        if by_sudo or any(one in said for one in REFUSED):
            rule = f"let {unit.host.user} run `{' '.join(words[2:] if unit.sudo else words)}` there"
            raise DidNothing(f"it was refused: {said}", where=str(unit), remedy=rule.capitalize())
        return of_systemctl or said

    def warm(self, host: Host, deadline: Deadline) -> None:
        """Have a connection ready. See `connectors.systemd.Units`."""
        self._shell.warm(host, deadline)
