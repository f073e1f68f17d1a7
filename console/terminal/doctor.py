"""What `seawall doctor` finds and shows: everything a city names, looked at from here, the broken first."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby

from console.terminal.desk import Desk
from console.terminal.looks import Look, looks
from console.terminal.rounds import Examined, Limits, take_all
from console.terminal.screen import Screen, Tone, aside, next_command
from seawall.errors import BadInput, Mistake
from seawall.ground import choose

NOTHING_CHANGED = "Looked only; nothing was changed, here or there."

Tell = Callable[[int, int], None]


def examine(desk: Desk, limits: Limits, only: Sequence[str] = (), *, shown: bool = False) -> list[Examined]:
    """Look at everything, or only at what belongs to the names in `only`; the broken first, then what is not known.

    Raises:
        BadInput: mistakes in the city's files, or a name in `only` that nothing here has. Nothing for what is found.
    """
    with desk.open_world() as world:
        wanted = _chosen(list(looks(desk, world)), only)
        with _progress(len(wanted), shown=shown) as tell:
            found = list(take_all(wanted, limits, tell))
    return in_order(found)


def in_order(found: Iterable[Examined]) -> list[Examined]:
    """Put the broken first, then what is not known, then what only warns."""
    order = {False: 0, None: 1, True: 3}

    def rank(one: Examined) -> tuple[int, str, str]:
        return 2 if one.only_warns and not one.well else order[one.well], one.about, one.what

    return sorted(found, key=rank)


def unwell(found: Iterable[Examined]) -> list[Examined]:
    """Return what keeps the city from being well: what is broken, and what is not known."""
    return [one for one in found if not one.well and not one.only_warns]


def show_examination(found: Sequence[Examined], screen: Screen, *, as_json: bool) -> None:
    """Show what was found, the worst first."""
    if as_json:
        told = {"well": not unwell(found), "changed": False, "looks": [_as_json(one) for one in found]}
        screen.raw(json.dumps(told, indent=2, ensure_ascii=False))
        return
    last_remedy = ""
    for one in found:
        if one.well:
            continue
        word, tone = _verdict(one)
        screen.labelled(word, f"{one.what}: {one.saw}", tone, room=10)
        if one.remedy and one.remedy != last_remedy:
            screen.labelled("", f"{one.remedy}.", room=10)
        last_remedy = one.remedy
    for about, those in groupby((one for one in found if one.well), key=lambda one: one.about):
        for line in _well(about, list(those)):
            screen.labelled("well", line, "good", room=10)
    screen.say()
    well, bad = sum(bool(one.well) for one in found), unwell(found)
    unknown = sum(one.well is None for one in bad)
    words = f"{well} of {len(found)} are well"
    words += f"; {len(bad) - unknown} are not" if len(bad) > unknown else ""
    words += f"; {unknown} not known, which is not well" if unknown else ""
    screen.say(f"{words}. {NOTHING_CHANGED}", "bad" if bad else "good")
    if bad:
        next_command(
            screen, "seawall doctor   # after mending", "seawall doctor --needs   # the rights it takes"
        )
    else:
        next_command(screen, "seawall status --look", "seawall verify-backups")


def _well(about: str, those: Sequence[Examined]) -> Iterator[str]:
    """Say what is well of one thing: each with what was seen when it stands alone, else their names."""
    if not about or len(those) == 1:
        for one in those:
            yield f"{one.what}: {one.saw}"
        return
    first, *rest = those
    yield f"{first.what}: {first.saw}; also {', '.join(_short(one.what, about) for one in rest)}"


def _short(what: str, about: str) -> str:
    short = " ".join(word for word in what.split() if word != about and not word.startswith(f"{about}/"))
    return short.removesuffix(" on").removesuffix(" in").removesuffix(" at")


def _as_json(one: Examined) -> dict[str, object]:
    return {
        "what": one.what,
        "about": one.about or None,
        "well": one.well,
        "found": one.found.value,
        "saw": one.saw,
        "remedy": one.remedy or None,
        "only_warns": one.only_warns,
    }


def _verdict(one: Examined) -> tuple[str, Tone]:
    if one.only_warns:
        return "warning", "plain"
    return ("NOT WELL", "bad") if one.well is False else ("NOT KNOWN", "bad")


def _chosen(all_looks: list[Look], only: Sequence[str]) -> list[Look]:
    known = {look.about for look in all_looks if look.about}
    unknown = [name for name in only if name not in known]
    if unknown:
        raise BadInput(
            Mistake(f"--host {name}", "nothing that is looked at has this name", choose(name, sorted(known)))
            for name in unknown
        )
    return [look for look in all_looks if not only or look.about in only]


@contextmanager
def _progress(count: int, *, shown: bool) -> Iterator[Tell]:
    """Show how far it is, on a terminal, and wipe it away at the end."""
    if not (shown and aside().stream.isatty()):
        yield lambda _done, _bad: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("looking {task.completed} of {task.total}"), BarColumn(), TimeElapsedColumn())
    with Progress(
        *columns, TextColumn("{task.description}"), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task("", total=count)
        yield lambda done, bad: bar.update(task, completed=done, description=f"{bad} not well" if bad else "")
