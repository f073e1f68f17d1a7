"""What `seawall run` uses: a run carried out as a Prefect flow in this process, with or without Prefect's help.

Importing this module imports no Prefect: that takes a second, and is begun in a thread only when Prefect answers.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from flows import api
from flows.in_process import Carrying, PrefectView, carry_in_view, end_process
from seawall.actions import World
from seawall.carrying import carry_out
from seawall.decide import Ask, Finish
from seawall.drive import Gate, Watch, unwatched
from seawall.driving import AtPlaces
from seawall.hands import ThreadHands
from seawall.run_folder import RunFolder

if TYPE_CHECKING:
    from seawall.carrying import Turns
    from seawall.page.keeping import Pages

__all__ = ["PrefectView", "carry_out_with_prefect", "end_process", "prepare"]


def prepare(prefect_api: str | None = None) -> None:
    """Begin to load Prefect in the background, if one answers: while a person reads the plan, say."""
    url = prefect_api or api.api_url()
    if url is not None and api.answers(url):
        threading.Thread(target=_load, name="prefect-loading", daemon=True).start()


def carry_out_with_prefect(
    run: RunFolder,
    world: World,
    clock: Callable[[], datetime],
    *,
    watch: Watch = unwatched,
    pages: Pages | None = None,
    turns: Turns | None = None,
    gate: Gate | None = None,
    at: AtPlaces | None = None,
    by: str,
    prefect_api: str | None = None,
) -> tuple[Finish | Ask, PrefectView]:
    """Carry the run on as a Prefect flow in this process; without Prefect when it does not answer at once.

    Losing Prefect on the way neither stops nor slows the run. This returns at most 4 s after the run's end; the process
    should then end with `end_process`, because Prefect's own threads may keep an ordinary exit waiting.

    `watch` is told every event, in whichever thread drives; `pages` keeps the run's status page, and `turns`
    knows whom to ask next; `gate` judges each yes; `at` are the city's three places. `prefect_api` says where
    Prefect's API is, when neither PREFECT_API_URL nor the active profile of `prefect config` does.

    Raises:
        Busy, JournalError, Tampered: as `carry_out`.
        KeyboardInterrupt: once the driver has let go of the run.
    """

    def under_prefect(carrying: Carrying, url: str) -> None:
        from flows.as_flow import under_prefect as begin

        begin(carrying, run=run.id, world=world, clock=clock, prefect_api=url)

    return carry_in_view(
        lambda hands: carry_out(
            run, hands, clock, watch=watch, pages=pages, turns=turns, gate=gate, at=at, by=by
        ),
        plain=lambda: ThreadHands(world, clock),
        under_prefect=under_prefect,
        prefect_api=prefect_api,
    )


def _load() -> None:
    import flows.as_flow  # noqa: F401 - to have it loaded
