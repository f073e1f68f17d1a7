"""Give Prefect's server the deployments of prefect.yaml, with the schedules that the city wants.

Run as `python -m flows.deploying`, with SEAWALL_CITY and PREFECT_API_URL set, whenever `seawall serve` starts. What is
deployed is written to `serve/prefect.yaml` first; what is due from then on is kept in `serve/schedules.json`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from flows.place import configured, utc_now
from flows.schedules import DEPLOYMENTS, FLOWS, city_schedules
from seawall.errors import SeawallError
from seawall.loading import load_inventory
from seawall.schedules import Schedule
from seawall.serve_folder import ServeFolder

POOL = "seawall"
WITHIN = timedelta(minutes=3)
"""It takes 10 s; on a machine that is busy starting everything else, more."""


def deploy() -> None:
    """Deploy everything.

    Raises:
        SeawallError: the city's settings are wrong, or the disk will not have it.
        subprocess.SubprocessError: Prefect's own command said no; its words are on standard error.
        prefect.exceptions.PrefectException, httpx.HTTPError: the server does not answer.
    """
    from flows.automations import ensure_zombie_rule  # loads Prefect; what is wanted is told without it

    settings = configured()
    schedules = city_schedules(settings, load_inventory(settings.city))
    folder = ServeFolder.of(settings.city)
    folder.make()
    file = folder.path / "prefect.yaml"
    file.write_text(yaml.safe_dump(wanted_deployments(schedules), sort_keys=False), encoding="utf-8")
    _prefect("work-pool", "create", POOL, "--type", "process", "--overwrite")
    _prefect("deploy", "--all", "--prefect-file", str(file), cwd=folder.path)
    ensure_zombie_rule()
    folder.keep(schedules, utc_now())


def wanted_deployments(schedules: Iterable[Schedule]) -> dict[str, Any]:
    """Return prefect.yaml with these schedules instead of its own."""
    wanted: dict[str, Any] = yaml.safe_load(DEPLOYMENTS.read_bytes())
    for deployment in wanted["deployments"]:
        flow = FLOWS.get(deployment["entrypoint"])
        deployment["schedules"] = [
            {"cron": one.cron, "timezone": one.timezone, "slug": one.name, "parameters": dict(one.given)}
            for one in schedules
            if one.flow == flow
        ]
    return wanted


def _prefect(*words: str, cwd: Path | None = None) -> None:
    command = [sys.executable, "-m", "prefect", "--no-prompt", *words]
    subprocess.run(command, check=True, timeout=WITHIN.total_seconds(), cwd=cwd, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    try:
        deploy()
    except (SeawallError, subprocess.SubprocessError) as error:
        sys.exit(str(error))
