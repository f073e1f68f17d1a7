"""A city's own actions in memory: on a machine that is there and the right one, each prints its own example."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.own import OwnActions
from seawall.actions import Occasion, Output
from seawall.own_actions import OwnAction
from seawall.targets import Host


class OwnInMemory(OwnActions):
    """The actions of `actions/*.yaml`, as their files say that they go when all is well."""

    def _run(self, own: OwnAction, words: Sequence[str], host: Host, occasion: Occasion) -> Output:
        output = super()._run(own, words, host, occasion)
        return (
            output if own.example is None else Output(own.example.status, own.example.prints, output.stderr)
        )
