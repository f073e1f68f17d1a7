"""What the scripts of `connectors.postgres` do, done to the servers in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from connectors.memory.postgres.servers import START, STEP, Row, ServerInMemory, ServersInMemory, position
from connectors.postgres.host import HostSide
from connectors.postgres.identity import differs
from connectors.postgres.lsn import bytes_at
from seawall.actions import Deadline
from seawall.errors import DidNothing, MayHaveActed, WrongTarget
from seawall.targets import Server


@dataclass(frozen=True, slots=True)
class HostInMemory(HostSide):
    """A shell beside servers in memory. It knows the scripts of `connectors.postgres` by their last part."""

    outside: ServersInMemory

    def run(
        self,
        server: Server,
        parts: Sequence[str],
        deadline: Deadline,
        *,
        changes: bool,  # noqa: ARG002 - the wire's signature
        stdin: bytes = b"",  # noqa: ARG002 - the same
        may_be_empty: bool = False,
        **values: str,
    ) -> Mapping[str, str]:
        """Carry a script out. See `HostSide.run`."""
        self.shell.run(server.host, "true", deadline)
        one = self.outside.servers[server.name]
        if not (one.empty and may_be_empty):
            _compare(server, one)
        self.outside.catch_up()
        told = self._scripts()[parts[-1]](one, values)
        self.outside.catch_up()
        return told

    def _scripts(self) -> Mapping[str, Callable[[ServerInMemory, Mapping[str, str]], Mapping[str, str]]]:
        return {
            "look": self._look,
            "fence": self._fence,
            "unfence": self._unfence,
            "start-standby": self._start_standby,
            "history": self._history,
            "divergence": self._divergence,
            "keep": self._keep,
            "rewind": self._rewind,
            "start-following": self._start_following,
            "rebuild": self._rebuild,
        }

    def _look(self, one: ServerInMemory, _values: Mapping[str, str]) -> Mapping[str, str]:
        return {
            "state": one.state,
            "checkpoint": position(len(one.log) - 1),
            "modified": f"start {one.starts}",
            "running": "yes" if one.running else "no",
            "signal": "yes" if one.marked else "no",
            "rewinding": "yes" if one.rewinding else "no",
        }

    def _fence(self, one: ServerInMemory, values: Mapping[str, str]) -> Mapping[str, str]:
        if one.running and one.in_recovery:
            raise _is_a(one, "standby", "primary")
        one.marked = True
        if one.held:
            raise MayHaveActed("the script was not seen to end", where=one.name, remedy="Look at the host")
        self.outside.stop(one)
        return self._look(one, values)

    def _unfence(self, one: ServerInMemory, values: Mapping[str, str]) -> Mapping[str, str]:
        if one.timeline < int(values["TIMELINE"]):
            raise _refused(
                one, f"its peer came to timeline {values['TIMELINE']}, and it is on {one.timeline}"
            )
        if one.in_recovery:
            raise _refused(one, f"it was a standby when it stopped ({one.state})")
        if one.running:
            one.marked = False
            return {"already": "yes"}
        if not one.marked:
            raise _refused(one, "it is not fenced: standby.signal is not there")
        one.marked = False
        one.start()
        return {}

    def _start_standby(self, one: ServerInMemory, _values: Mapping[str, str]) -> Mapping[str, str]:
        if not one.marked:
            raise _refused(one, "it is not marked as a standby, and would start as a primary")
        already = one.running
        one.start()
        return {"already": "yes"} if already else {}

    def _history(self, one: ServerInMemory, _values: Mapping[str, str]) -> Mapping[str, str]:
        return {f"parted {timeline}": position(at) for timeline, at in one.left.items()}

    def _divergence(self, one: ServerInMemory, values: Mapping[str, str]) -> Mapping[str, str]:
        if one.running and not one.in_recovery:
            raise _refused(one, "it still runs as a primary")
        if one.running:
            return {"standby": "yes"}
        fork = _fork(one, values)
        told = {"own": str(one.timeline), "fork": fork, "checkpoint": position(len(one.log) - 1)}
        counts = {f"rows 1663/1/{table} inserted": str(n) for table, n in _tables(_own(one, fork)).items()}
        return {
            **told,
            "state": one.state,
            "words": "invalid record length",
            **_measured(one, fork),
            **counts,
        }

    def _keep(self, one: ServerInMemory, values: Mapping[str, str]) -> Mapping[str, str]:
        if one.running and not one.in_recovery:
            raise _is_a(one, "primary", "standby")
        fork = _fork(one, values)
        if not fork and str(one.timeline) != values["TIMELINE"]:
            raise _refused(
                one, f"the primary's history does not know its timeline {one.timeline}; rebuild it"
            )
        one.marked = one.clean = True
        self.outside.stop(one)
        if str(one.timeline) == values["TIMELINE"]:
            return one.note
        own = _own(one, fork)
        if not own:
            return {"fork": fork}
        folder = f"{one.data_directory}.divergent-{values['STAMP']}"
        while folder in one.kept:
            folder += "-again"
        one.kept[folder] = own
        rows = sum(_tables(own).values()) - _tables(own).get("seawall.probe", 0)
        told = {"fork": fork, "rows": str(rows), **_measured(one, fork)}
        one.note = {"kept-before": folder, **told}
        return {"kept": folder, **told}

    def _rewind(self, one: ServerInMemory, values: Mapping[str, str]) -> Mapping[str, str]:
        source = self._source(values).log
        pairs = zip(one.log, source, strict=False)
        same = next((count for count, (ours, theirs) in enumerate(pairs) if ours != theirs), len(source))
        del one.log[same:]
        one.timeline = self._source(values).timeline
        return {}

    def _start_following(self, one: ServerInMemory, values: Mapping[str, str]) -> Mapping[str, str]:
        if one.running:
            raise _refused(one, "it was started by somebody else")
        one.follows = self._source(values).reached_at
        one.marked, one.note = True, {}
        one.start()
        return {}

    def _rebuild(self, one: ServerInMemory, values: Mapping[str, str]) -> Mapping[str, str]:
        if one.running:
            raise _refused(one, "it runs; stop it first (postgres.fence)")
        kept = "" if one.empty else f"{one.data_directory}.kept-{values['STAMP']}"
        if kept:
            one.kept[kept] = one.log
        one.log, one.empty = list(self._source(values).log), False
        return {"kept": kept, **self._start_following(one, values)}

    def _source(self, values: Mapping[str, str]) -> ServerInMemory:
        there = f"{values['HOST']}:{values['PORT']}"
        found = next((one for one in self.outside.servers.values() if one.reached_at == there), None)
        if found is None or not found.running or self.outside.link_cut:
            raise MayHaveActed(f"could not connect to {there}", where=there, remedy="See whether it is up")
        return found


def _compare(server: Server, one: ServerInMemory) -> None:
    for what, seen, expected in (
        ("data directory", "not there" if one.empty else one.data_directory, server.data_directory),
        ("system identifier", one.system_identifier, server.system_identifier),
        ("cluster name", one.cluster_name, server.cluster_name),
    ):
        if seen != expected:
            raise differs(server, [(what, seen, expected)])


def _is_a(one: ServerInMemory, role: str, expected: str) -> WrongTarget:
    return WrongTarget(
        f"another server answers than the one meant: its role is {role}, expected {expected}",
        where=one.name,
        remedy="Choose the other server",
    )


def _refused(one: ServerInMemory, why: str) -> DidNothing:
    return DidNothing(why, where=one.name, remedy="Look at the server's files and its log")


def _fork(one: ServerInMemory, values: Mapping[str, str]) -> str:
    history = dict(line.split(" ") for line in values["HISTORY"].splitlines())
    return history.get(str(one.timeline), "")


def _own(one: ServerInMemory, fork: str) -> list[Row]:
    return one.log[(bytes_at(fork) - START) // STEP :] if fork else []


def _measured(one: ServerInMemory, fork: str) -> dict[str, str]:
    own = _own(one, fork)
    return {"records": str(len(own)), "last": position(len(one.log) - 1), "size": str(STEP)}


def _tables(rows: Sequence[Row]) -> Mapping[str, int]:
    return Counter(row.table for row in rows)
