"""How `serve` itself stands, from its file and its lock alone; `status` asks each time, so this imports little."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from seawall.model import duration_text
from seawall.serve_folder import SILENT_AFTER, ServeFolder, Stand

INSTALL = "Install it as a service (docs/serve.md), or run `seawall serve`"


@dataclass(frozen=True, slots=True)
class Found:
    """One thing about `serve` or a schedule.

    Attributes:
        well: None when it could not be told; `only_warns` when it does not make the city unwell.
    """

    what: str
    well: bool | None
    saw: str
    remedy: str = ""
    only_warns: bool = False


def serve_found(folder: ServeFolder, now: datetime) -> Found:
    """Tell in words how `serve` itself stands."""
    record, holder = folder.record(), folder.holder()
    if holder is None:
        if record is None:
            return Found("serve", None, "has never run here", INSTALL, only_warns=True)
        remedy = "Start it: systemctl start seawall, or `seawall serve`"
        return Found("serve", False, "does not run, so nobody starts what is scheduled", remedy)
    if record is None or record.pid != holder.pid:
        return Found("serve", True, f"is starting, {holder.told()}")
    silent = now - record.seen_at
    if silent > SILENT_AFTER:
        remedy = f"End it and start it again: kill {record.pid}"
        return Found("serve", False, f"has given no sign for {duration_text(rough(silent))}", remedy)
    if down := [one for one in record.programs if one.stand is Stand.RED]:
        names = ", ".join(f"{one.name} ({one.last_end})" for one in down)
        return Found("serve", False, f"runs, but ended too often: {names}", f"Read {down[0].log}")
    restarts = sum(one.restarts for one in record.programs)
    again = f", {restarts} restarts" if restarts else ""
    return Found("serve", True, f"is {record.state}, {holder.told()}{again}")


def rough(span: timedelta) -> timedelta:
    """Return a span to the minute, when it is longer than one; to the hour above two days."""
    step = timedelta(hours=1) if span > timedelta(days=2) else timedelta(minutes=1)
    return span - span % step if span > step else timedelta(seconds=round(span.total_seconds()))
