"""What the person who starts a runbook says, turned into what its expressions see."""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from seawall.errors import BadInput, Mistake
from seawall.expressions import text_in_both, value_of
from seawall.ground import Ground, choose
from seawall.inventory import Inventory, NotWritten, Service
from seawall.messages import Message
from seawall.model import duration
from seawall.runbook import Parameter, Runbook
from seawall.views import ServiceView, view_of


def bind_parameters(
    runbook: Runbook, ground: Ground, given: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Bind what was given, and the defaults of what was not.

    Returns:
        What expressions see, by name; and every parameter as the words that stand for it in a plan.

    Raises:
        BadInput: with every parameter that is missing, unknown or does not fit.
    """
    found = [
        Mistake(f"parameter {name}", f"{runbook.runbook} takes no {name}", choose(name, runbook.parameters))
        for name in given
        if name not in runbook.parameters
    ]
    names: dict[str, Any] = {}
    as_words: dict[str, str] = {}
    wrong: set[str] = set()
    for name, parameter in runbook.parameters.items():
        try:
            written = given[name] if name in given else _default(name, parameter, names)
            names[name] = _value(parameter, written, ground)
            as_words[name] = written
        except NotWritten as error:
            found += ground.lacks(error)
            wrong.add(name)
        except (ValueError, KeyError) as error:
            if isinstance(error.__cause__, NotWritten):
                found += ground.lacks(error.__cause__)
            elif name in given or not _leans_on(parameter.default, wrong):
                found.append(Mistake(f"parameter {name}", *_wrong(name, parameter, given.get(name), error)))
            wrong.add(name)
    if found:
        raise BadInput(found)
    names["message"] = MessageNamed(ground, dict(names))
    names["on_slack"] = OnSlack(ground)
    return names, as_words


@dataclass(frozen=True, slots=True)
class MessageNamed:
    """What `message('service-moved')` gives in an expression: the message rendered with the runbook's names."""

    ground: Ground
    names: Mapping[str, Any]

    def __call__(self, name: str, **more: Any) -> Message:
        """Render the message `name`. Raises: ValueError for one that there is not, or ExpressionError."""
        known = self.ground.messages
        if name not in known:
            message = f"there is no message {name!r}. {choose(name, known)}"
            raise ValueError(message)
        names = {**self.names, **more}
        service = names.get("service")
        if isinstance(service, ServiceView):
            names.setdefault("needed_by", service.needed_by)
        return Message(
            subject=text_in_both(known[name].subject, names), body=text_in_both(known[name].body, names)
        )


@dataclass(frozen=True, slots=True)
class OnSlack:
    """What `on_slack('on-call')` gives in an expression: whether that audience can be written to on Slack."""

    ground: Ground

    def __call__(self, audience: object) -> bool:
        """Tell by the inventory alone, by an audience's name or its parameter; a city need not have Slack."""
        known = self.ground.inventory.audiences.get(str(audience))
        return self.ground.inventory.slack is not None and known is not None and known.slack is not None


def services_fitting(parameter: Parameter, inventory: Inventory) -> tuple[str, ...]:
    """Name the services that a parameter may be: every one, or those that it narrows its choice to."""

    def fits(one: Service) -> bool:
        has = {
            "web_root": one.web_root,
            "unit": one.unit,
            "zone": one.reached_through and one.reached_through.zone,
        }
        return (
            (
                parameter.engine is None
                or (one.database is not None and one.database.engine == parameter.engine)
            )
            and (parameter.run_by is None or one.run_by is not None)
            and (parameter.has is None or has[parameter.has] is not None)
        )

    return tuple(name for name, one in inventory.services.items() if fits(one))


def _leans_on(default: str | None, others: AbstractSet[str]) -> bool:
    """Whether a default follows from others that are wrong: those are to be told, and not what follows from them."""
    return default is not None and any(re.search(rf"\b{re.escape(other)}\b", default) for other in others)


def _default(name: str, parameter: Parameter, names: Mapping[str, Any]) -> str:
    if parameter.default is None:
        message = f"{name} is missing"
        raise ValueError(message)
    return str(value_of(parameter.default, names))


def _value(parameter: Parameter, written: str, ground: Ground) -> Any:
    match parameter.type:
        case "choice":
            if written not in parameter.of:
                raise KeyError(*parameter.of)
            return written
        case "duration":
            return duration(written)
        case "number":
            return int(written)
        case "yes-no":
            return {"yes": True, "no": False}[written]
        case "service":
            fitting = services_fitting(parameter, ground.inventory)
            if written in ground.inventory.services and written not in fitting:
                raise KeyError(*fitting)
    return view_of(parameter.type, written, ground.inventory)


def _wrong(name: str, parameter: Parameter, given: str | None, error: Exception) -> tuple[str, str]:
    if given is None and parameter.default is None:
        return f"{name} is missing", f"Add {name}=..., a {parameter.type}"
    if isinstance(error, KeyError):
        fitting = [str(one) for one in error.args] if parameter.type != "yes-no" else ["yes", "no"]
        return f"{given!r} is no {parameter.type} that fits here", choose(given or "", fitting)
    return str(error), f"Give {name} as a {parameter.type}"
