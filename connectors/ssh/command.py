"""A command carries its target and its limit with it: run elsewhere, or too late, it does nothing.

The remote shell compares its own host name and its own clock before the command is begun, ends the command's whole
process group at the limit, and what the command left running in that group when it ends. So a request that lay in a
cut link and arrives after the limit changes nothing any more.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from seawall.actions import Output
from seawall.errors import DidNothing, WrongTarget
from seawall.targets import Host

REFUSED = 86
"""Status of the guard when it refuses; its token tells this from a command that ends so itself."""
ENDED_BY_LIMIT = (124, 137)
"""What coreutils `timeout` ends with: the command ended at the limit, or had to be killed after it."""

# $1 host name, $2 token, $3 last instant in 1/100 s of this machine's own uptime, $4 seconds to kill after, $5 command.
# The command's group is `timeout`'s own; what must outlive the command makes a session of its own, as pg_ctl does.
_GUARD = """\
h=$(hostname) || h=
[ "$h" = "$1" ] || { printf '%s host %s\\n' "$2" "$h" >&2; exit 86; }
read -r u _ </proc/uptime || { printf '%s clock\\n' "$2" >&2; exit 86; }
l=$(($3-${u%.*}${u#*.}))
[ "$l" -ge 10 ] || { printf '%s late\\n' "$2" >&2; exit 86; }
exec 3<&0 </dev/null
timeout -k "$4" "$((l/100)).$((l/10%10))$((l%10))" /bin/sh -c "$5" <&3 3<&- &
p=$!
exec 3<&-
wait "$p"; s=$?
kill -s KILL -- "-$p" 2>/dev/null
exit "$s"
"""

LOOK_AROUND = "hostname && cat /proc/uptime"
"""What is asked first on a new connection: the machine's name, and its clock that never jumps."""

LOOK_FOR_OTHERS = r"""
set -- $SSH_CONNECTION
[ $# = 4 ] || exit 0
awk -v here="$(printf %04X "$4")" -v there="$(printf %04X "$2")" '
function port(address) { sub(/.*:/, "", address); return address }
port($2) != here || $4 == "0A" || $4 == "06" { next }
port($3) == there { ours++; next }
{ others++ }
END { print "connections", ours + 0, others + 0 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
sleep 0.2
found=0
token='seawall-[0-9a-f]{16}'
for each in $(grep -Elzs -e "^$token\$" -e " seawall [^ ]+ $token " /proc/[0-9]*/cmdline); do
    of=${each%/cmdline}
    [ -d "$of" ] || continue
    if [ -r "$of/environ" ] && ! grep -qzs "^SSH_CONNECTION=.* $3 $4\$" "$of/environ"; then continue; fi
    found=$((found + 1))
done
echo "commands $found"
"""
"""Tells how many connections there are to the port that this one came to, ours and others', and then how many commands
of ours are at work: at least this one.

The connections come first: what had been sent over one that is not there any more has begun by then, or never will.
Nothing can be sent over a connection whose far end is gone, but what had been sent may still be read there. A command
of ours is known by its token, also while the login shell still has all of `guarded` in one word.

Source: proc_net(5) (`st` 0A is LISTEN, 06 TIME_WAIT); sshd(8), SSH_CONNECTION; GNU grep 3.8, tried 2026-11.
"""
QUIET = ("connections 1 0", "commands 1")
"""What that says where nobody else is."""


@dataclass(frozen=True, slots=True)
class Limit:
    """When the remote side ends a command, by its own clock.

    Attributes:
        seconds: for the command, from now.
        last_instant: hundredths of a second of the remote machine's uptime; the command is told to end then.
        kill_after: seconds later it is killed if it has not ended.
    """

    seconds: float
    last_instant: int
    kill_after: float

    @classmethod
    def of(cls, remote_now: float, left: float) -> Limit:
        """Make the limit for a call that has `left` seconds, leaving some to see how the command ended."""
        grace = min(1.5, 0.3 * left)
        return cls(left - grace, int((remote_now + left - grace) * 100), round(grace / 3, 2))


def guarded(command: str, host: Host, limit: Limit, token: str) -> str:
    """Wrap `command` for the login shell of `host`. Works with sh, bash, dash, ksh and zsh as login shells."""
    words = ("/bin/sh", "-c", _GUARD, "seawall", host.hostname, token, str(limit.last_instant))
    return "exec " + shlex.join((*words, f"{limit.kill_after:.2f}", command))


def refusal(output: Output, host: Host, token: str) -> DidNothing | None:
    """Return why the guard refused, or None when it let the command through."""
    words = output.stderr.split(None, 2)
    if output.status != REFUSED or words[:1] != [token]:
        return None
    if words[1:2] == ["host"]:
        return wrong_name(host, words[2].strip() if len(words) > 2 else "")  # noqa: PLR2004 - token, host, its name
    if words[1:2] == ["late"]:
        return DidNothing(
            "the command arrived after its limit and was not begun",
            where=host.name,
            remedy="Give the step more time, or see why the link is slow",
        )
    return no_clock(host)


def wrong_name(host: Host, found: str) -> WrongTarget:
    """Say that another machine answered than the one expected."""
    return WrongTarget(
        f"this machine calls itself {found or 'nothing'}, expected {host.hostname}",
        where=f"{host.name} ({host.address}:{host.port})",
        remedy="Check the address in the inventory and what stands there now",
    )


def no_clock(host: Host) -> DidNothing:
    """Say that the machine cannot hold a command to its limit."""
    return DidNothing(
        "there is no readable /proc/uptime, so that no limit could travel with a command",
        where=host.name,
        remedy="Use a Linux host with /proc mounted",
    )
