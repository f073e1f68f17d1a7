"""A city's own actions: its commands on its hosts, with every parameter checked and each in the one word it belongs in.

What was reviewed is what is sent, word by word; the shell on the far side gets it quoted and hands it on. A command
whose definition changed since a plan was made is not that plan's, and is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, create_model

from connectors.words import last_words, run_words
from seawall.actions import Action, Effect, Occasion, Output, Proof, Ready, Seen, Shell
from seawall.errors import DidNothing, MayHaveActed
from seawall.inventory import Inventory
from seawall.model import Duration, Frozen
from seawall.needs import OnHost
from seawall.own_actions import GROUP, NOTHING_OWN, Own, OwnAction, OwnParameter, is_plain_path, one_word
from seawall.own_sights import TYPES, sights
from seawall.targets import Host

LONGEST_WORD = 4_000
NAME = r"[a-z0-9][a-z0-9-]{0,62}"


class OwnArgs(Frozen):
    """What a city's own action takes."""

    model_config = ConfigDict(defer_build=False)

    definition: str


class Saw(Seen):
    """What a city's own action saw."""

    status: int

    def __str__(self) -> str:
        return f"status {self.status}" + "".join(
            f", {name} {value}" for name, value in self if name != "status" and value is not None
        )


class SawProof(Proof):
    """Whether a change of the city's own is in the world, and what else was seen."""

    status: int


class OwnActions:
    """The actions of `actions/*.yaml`."""

    def __init__(self, shell: Shell, city: Inventory, own: Own = NOTHING_OWN) -> None:
        self._shell = shell
        self._city = city
        self._own = own

    def actions(self) -> Sequence[Action[Any, Any]]:
        """List what the city's files say."""
        return [self._action(name, own) for name, own in self._own.actions.items()]

    def close(self) -> None:
        """There is nothing to let go of: the shell is lent."""

    def _action(self, name: str, own: OwnAction) -> Action[Any, Any]:
        pinned: dict[str, Any] = {"definition": own.definition}
        withheld = self._own.withheld.get(name)
        if own.host_parameter is None and self._city.hosts[own.runs_on].lacking:
            lacking = " and ".join(self._city.hosts[own.runs_on].lacking)
            withheld = f"runs on {own.runs_on}, of which {lacking} is not written down yet"
        elif own.host_parameter is None:
            pinned["runs_on"] = self._city.host(own.runs_on).model_dump(mode="json")
        return Action(
            f"{GROUP}.{name}",
            Effect(own.effect),
            _args_type(own, self._city),
            _seen_type(own),
            self._performer(name, own),
            str(own.does),
            limit=own.limit,
            undone_by=None if own.undo is None else f"{GROUP}.{own.undo}",
            proof=None if own.proof is None else f"{GROUP}.{own.proof}",
            after_limit_it_cannot_act=not own.may_go_on,
            ready=self._ready,
            needs=(OnHost(of=own.host_parameter or "runs_on", programs=(own.run[0],)),),
            pinned=pinned,
            no_way_back=own.no_way_back,
            withheld=withheld,
        )

    def _ready(self, args: Any) -> Iterable[Ready]:
        return [Ready(self._shell.warm, one) for _, one in args if isinstance(one, Host)][:1]

    def _performer(self, name: str, own: OwnAction) -> Callable[[Any, Occasion], Any]:
        seen = _seen_type(own)

        def perform(args: Any, occasion: Occasion) -> Any:
            host: Host = getattr(args, own.host_parameter or "runs_on")
            if args.definition != own.definition:
                problem = f"{GROUP}.{name} is not what it was when this plan was made"
                raise DidNothing(problem, where=host.name, remedy="Plan again, and read what it does now")
            output = self._run(own, _words(own, args, host), host, occasion)
            read = {"status": output.status, **sights(own, output)}
            if own.is_proof:
                said = output.stdout.strip().splitlines()
                read["because"] = f"{own.run[0]} ended with {output.status}" + (
                    f": {said[-1][:200]}" if said else ""
                )
            return seen.model_validate(read)

        return perform

    def _run(self, own: OwnAction, words: Sequence[str], host: Host, occasion: Occasion) -> Output:
        try:
            output = run_words(self._shell, host, words, occasion.deadline)
        except MayHaveActed as error:
            if own.effect == "changes":
                raise
            raise DidNothing(
                error.problem, where=error.where, remedy="Look at the host, then try again"
            ) from error
        if output.status in own.ends_with:
            return output
        problem = f"{words[0]} ended with status {output.status}: {last_words(output)}"
        if own.effect == "reads" or output.status in own.refuses_with:
            raise DidNothing(problem, where=host.name, remedy="Read its words, and look at the host")
        raise MayHaveActed(
            problem, where=host.name, remedy="Look at the host, then say whether it did its work"
        )


def _words(own: OwnAction, args: Any, host: Host) -> list[str]:
    values = {name: _written(getattr(args, name)) for name in own.parameters}
    try:
        words = own.words(values)
    except ValueError as error:
        raise DidNothing(str(error), where=host.name, remedy="Give another value") from error
    if any(len(word) > LONGEST_WORD for word in words):
        raise DidNothing("a word of the command is too long", where=host.name, remedy="Give a shorter value")
    return words


def _written(value: Any) -> Mapping[str, str]:
    """Write a parameter's value the way a command takes it."""
    if isinstance(value, Host):
        return {
            "": value.name,
            "name": value.name,
            "address": value.address,
            "hostname": value.hostname,
        }
    if isinstance(value, timedelta):
        return {"": str(int(value.total_seconds()))}
    return {"": str(value)}


def _args_type(own: OwnAction, city: Inventory) -> type[OwnArgs]:
    fields: dict[str, Any] = {name: (_type(one, city), ...) for name, one in own.parameters.items()}
    if own.host_parameter is None:
        fields["runs_on"] = (Host, ...)
    return create_model("OwnArgs", __base__=OwnArgs, __doc__=OwnArgs.__doc__, **fields)


def _seen_type(own: OwnAction) -> type[Seen]:
    fields: dict[str, Any] = {
        name: (TYPES[one.type] | None, None)
        for name, one in own.sees.items()
        if not (own.is_proof and name == "holds")
    }
    base = SawProof if own.is_proof else Saw
    return create_model(base.__name__, __base__=base, __doc__=base.__doc__, **fields)


def _type(one: OwnParameter, city: Inventory) -> Any:
    longest, below, matches = one.longest or timedelta(), one.below or "/", one.matches or ""
    types: Mapping[str, Callable[[], Any]] = {
        "name": lambda: Annotated[str, AfterValidator(_name)],
        "host": lambda: Host,
        "service": lambda: Annotated[str, AfterValidator(_known(city.services, "service"))],
        "site": lambda: Annotated[str, AfterValidator(_known(city.sites, "site"))],
        "integer": lambda: Annotated[int, Field(ge=one.at_least, le=one.at_most)],
        "choice": lambda: Literal[one.of],
        "duration": lambda: Annotated[Duration, AfterValidator(_duration(longest))],
        "path": lambda: Annotated[str, AfterValidator(_path(below))],
        "text": lambda: Annotated[str, AfterValidator(_text(matches))],
    }
    return types[one.type]()


def _name(value: str) -> str:
    if re.fullmatch(NAME, value) is None:
        message = f"{value[:80]!r} is no name: lower-case letters, digits and hyphens"
        raise ValueError(message)
    return value


def _known(names: Iterable[str], kind: str) -> Callable[[str], str]:
    known = frozenset(names)

    def check(value: str) -> str:
        if value not in known:
            message = f"there is no {kind} {value[:80]!r}"
            raise ValueError(message)
        return value

    return check


def _duration(longest: timedelta) -> Callable[[timedelta], timedelta]:
    def check(value: timedelta) -> timedelta:
        if not timedelta() <= value <= longest or value.microseconds:
            message = f"a duration here is whole seconds, at most {int(longest.total_seconds())}"
            raise ValueError(message)
        return value

    return check


def _path(below: str) -> Callable[[str], str]:
    root = below.rstrip("/") + "/"

    def check(value: str) -> str:
        if not is_plain_path(value) or not value.startswith(root):
            message = f"{value[:80]!r} is no path below {below}, written whole and without `..`"
            raise ValueError(message)
        return value

    return check


def _text(matches: str) -> Callable[[str], str]:
    pattern = re.compile(matches)

    def check(value: str) -> str:
        if not one_word(value) or pattern.fullmatch(value) is None:
            message = f"{value[:80]!r} does not match {matches}"
            raise ValueError(message)
        return value

    return check
