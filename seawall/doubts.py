"""What a person needs to know to say whether a change happened: what was being done, what is known, where to look.

Nobody should have to read code, or a journal, to answer. Commands that are named here only look.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import AwareDatetime

from seawall.journal import Answered, Event, Failed, Opened, Resumed, Settled, Started
from seawall.model import Frozen, StepId, Text
from seawall.plan import PlannedStep
from seawall.report.roles import starter
from seawall.report.telling import told
from seawall.state import State
from seawall.step_state import OVER, Stand

MOST_TRIES = 8
"""Tries that are told, the last ones."""


class Try(Frozen):
    """One thing that is known: a try, how it ended, or what a proof saw."""

    at: AwareDatetime
    said: Text


class Doubt(Frozen):
    """What is known of a step of which nobody knows whether it happened.

    Attributes:
        targets: what it acts on, by the names of the inventory.
        undoing: it was being taken back.
        since: when its last try began.
        by: who carried the run then.
        known: each try and each look, in order.
        proof: the action that looked, or would.
        look: commands for a person, and whom to ask; they change nothing.
        if_happened: what that answer leads to; `if_not` is of the other one.
    """

    step: StepId
    does: Text
    uses: str | None
    targets: tuple[str, ...]
    undoing: bool
    since: AwareDatetime | None
    by: Text
    known: tuple[Try, ...]
    proof: str | None
    look: tuple[Text, ...]
    if_happened: Text
    if_not: Text


def doubt_of(state: State, events: Sequence[Event], step: str) -> Doubt:
    """Say what is known of a step in doubt, from its run's journal."""
    one = state.steps[step]
    undoing = one.stand is Stand.UNDO_IN_DOUBT
    run = state.opened.run if state.opened else "RUN"
    uses = one.step.undo.uses if undoing and one.step.undo else one.step.uses
    return Doubt(
        step=step,
        does=one.step.does,
        uses=uses,
        targets=tuple(dict.fromkeys(_named(one.step.args))),
        undoing=undoing,
        since=one.begun,
        by=_carried_by(events, step),
        known=tuple(_known(state, events, step))[-MOST_TRIES:],
        proof=one.step.proof.uses if one.step.proof else None,
        look=tuple({one.en: one for one in where_to_look(one.step)}.values()),
        if_happened=_if_taken_back(state, step) if undoing else _if_happened(state, step),
        if_not=_if_not_taken_back(state, step) if undoing else _if_not(state, step, run),
    )


def where_to_look(step: PlannedStep) -> Iterator[Text]:
    """Yield commands and addresses by which a person sees what a step acts on. They change nothing."""
    audience = step.args.get("audience")
    if isinstance(audience, str) and "message" in step.args:
        yield Text(
            en=f"ask somebody of {audience} whether the message came",
            da=f"spørg én af {audience}, om beskeden er kommet",
        )
    for args in (step.args, *([step.proof.args] if step.proof is not None else [])):
        yield from (Text(en=one) for one in _looks(args, args))


def _carried_by(events: Sequence[Event], step: str) -> Text:
    """Return who carried the run when the step was last begun."""
    by = found = ""
    for event in events:
        if isinstance(event, Opened | Resumed):
            by = event.by
        elif isinstance(event, Started) and event.step == step:
            found = by
    return starter(found or by)


def _known(state: State, events: Iterable[Event], step: str) -> Iterator[Try]:
    begun = False
    for event in events:
        if isinstance(event, Started | Failed | Settled | Answered) and event.step == step:
            begun = isinstance(event, Started)
            yield Try(at=event.at, said=told(event, state.plan))
        elif isinstance(event, Resumed) and begun:
            begun = False
            said = Text(
                en=f"{step}: the process that carried it out was gone",
                da=f"{step}: processen, der udførte det, var væk",
            )
            yield Try(at=event.at, said=said)


def _if_happened(state: State, step: str) -> Text:
    if state.abort is not None:
        return Text(en="it counts as done, and the run ends", da="det tæller som udført, og kørslen ender")
    if state.failed:
        return Text(
            en="it counts as done, and the run ends, for another step failed",
            da="det tæller som udført, og kørslen ender, for et andet trin mislykkedes",
        )
    following = [
        one.id
        for one in state.plan.steps
        if step in one.after and one.skipped is None and state.steps[one.id].stand not in OVER
    ]
    if following:
        named = ", ".join(following)
        return Text(en=f"it counts as done; next: {named}", da=f"det tæller som udført; det næste: {named}")
    if state.left > 1:
        return Text(
            en="it counts as done, and the other steps go on",
            da="det tæller som udført, og de andre trin går videre",
        )
    return Text(
        en="it counts as done, and the run ends well", da="det tæller som udført, og kørslen ender godt"
    )


def _if_not(state: State, step: str, run: str) -> Text:
    stands = [name for name in state.changed if name != step]
    named = ", ".join(stands)
    en = f"it counts as failed, is not tried again by itself, and the run ends; then `seawall retry {run} {step}`"
    da = f"det tæller som mislykket, prøves ikke igen af sig selv, og kørslen ender; så `seawall retry {run} {step}`"
    if stands:
        en += f", or `seawall undo {run}` to take back {named}"
        da += f", eller `seawall undo {run}` for at tage {named} tilbage"
    return Text(en=en, da=da)


def _if_taken_back(state: State, step: str) -> Text:
    left = [name for name in state.changed if name != step and state.steps[name].step.undo is not None]
    if left:
        named = ", ".join(reversed(left))
        return Text(
            en=f"it counts as taken back; then: {named}",
            da=f"det tæller som taget tilbage; derefter: {named}",
        )
    return Text(
        en="it counts as taken back, and the run ends", da="det tæller som taget tilbage, og kørslen ender"
    )


def _if_not_taken_back(state: State, step: str) -> Text:
    named = ", ".join((step, *(name for name in state.changed if name != step)))
    return Text(
        en=f"taking back ends here; {named} still stands",
        da=f"der tages ikke mere tilbage; {named} står endnu",
    )


def _named(value: Any) -> Iterator[str]:
    """Yield the names of the targets in rendered arguments, the outermost only: a server, and not its machine too."""
    if isinstance(value, Mapping):
        if isinstance(value.get("name"), str) and len(value) > 1:
            yield value["name"]
        else:
            for one in value.values():
                yield from _named(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _named(one)


def _looks(value: Any, args: Mapping[str, Any]) -> Iterator[str]:
    """Yield how to look at each target in rendered arguments, wherever it stands in them."""
    if isinstance(value, list | tuple):
        for one in value:
            yield from _looks(one, args)
    elif isinstance(value, Mapping):
        found = (*_at_a_server(value), *_on_a_host(value), *_elsewhere(value, args))
        yield from found
        for one in () if found else value.values():
            yield from _looks(one, args)


def _at_a_server(value: Mapping[str, Any]) -> Iterator[str]:
    match value:
        case {"data_directory": str(folder), "host": {"address": str(at)} as host, "port": int(port)}:
            status = f"{value.get('binaries')}/pg_ctl status -D {folder}"
            yield f"{_ssh(host)} {shlex.quote(status)}"
            who = ["-U", str(value.get("user")), "-d", str(value.get("database"))]
            sql = ["-c", "SELECT pg_is_in_recovery()", "-c", "SHOW cluster_name"]
            yield shlex.join(["psql", "-h", at, "-p", str(port), *who, *sql])


def _on_a_host(value: Mapping[str, Any]) -> Iterator[str]:
    match value:
        case {"unit": str(unit), "host": {"address": str()} as host}:
            yield f"{_ssh(host)} {shlex.quote(f'systemctl status {unit}')}"
        case {"path": str(path), "host": {"address": str()} as host}:
            yield f"{_ssh(host)} {shlex.quote(f'ls -la {path}')}"
        case {"host_key": str(), "address": str()}:
            yield _ssh(value)


def _elsewhere(value: Mapping[str, Any], args: Mapping[str, Any]) -> Iterator[str]:
    match value:
        case {"runtime": {"address": str(at), "port": int(port)}}:
            yield f"echo 'show servers state' | nc {shlex.quote(at)} {port}"
        case {"server": {"address": str(at), "port": int(port)}, "key_name": str()}:
            yield shlex.join(["dig", f"@{at}", "-p", str(port), str(args.get("name", "")), "+short"])
        case {"bucket": str(bucket), "url": str(url)}:
            yield shlex.join(["aws", "--endpoint-url", url, "s3", "ls", f"s3://{bucket}/"])
        case {"url": str(url)} if "username" not in value:
            yield shlex.join(["curl", "-i", url])


def _ssh(host: Mapping[str, Any]) -> str:
    return shlex.join(["ssh", "-p", str(host.get("port", 22)), f"{host.get('user')}@{host.get('address')}"])
