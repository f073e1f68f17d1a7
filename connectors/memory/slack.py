"""A Slack workspace that keeps what was posted."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.limit import in_time, unreachable
from connectors.slack import Posting
from seawall.actions import Deadline
from seawall.errors import DidNothing
from seawall.targets import SlackWorkspace


@dataclass(slots=True)
class WorkspaceInMemory:
    """Every workspace there is. `posted` keeps the messages; `channels`: those there are, None for every one."""

    posted: list[Posting] = field(default_factory=list)
    channels: set[str] | None = None
    down: bool = False

    def post(self, workspace: SlackWorkspace, posting: Posting, deadline: Deadline) -> None:
        """Keep the message. See `connectors.slack.Workspace`."""
        self.greet(workspace, deadline)
        if self.channels is not None and posting.channel not in self.channels:
            problem = "Slack refused with channel_not_found"
            raise DidNothing(
                problem, where=workspace.url, remedy="Check the audience's channel id in the inventory"
            )
        self.posted.append(posting)

    def greet(self, workspace: SlackWorkspace, deadline: Deadline) -> str:
        """Answer, unless down. See `connectors.slack.Workspace`."""
        in_time(deadline, workspace.url)
        if self.down:
            raise unreachable(workspace.url, "it is down")
        return "seawall"
