"""Many stories, and what is learnt of them: which faults struck, how runs ended, and the fewest faults of a bad one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from seawall.decide import Ask
from seawall.journal import Asked, Resumed, Settled, Succeeded
from tests.simulation.faults import told
from tests.simulation.run import Run
from tests.simulation.setting import Setting
from tests.simulation.story import Story


@dataclass
class Seen:
    """What came up in many stories.

    Attributes:
        struck: in how many stories each kind of fault struck.
        came_to: in how many runs each state was reached.
        wrong: the stories that went wrong.
    """

    stories: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    came_to: Counter[str] = field(default_factory=Counter)
    wrong: list[Story] = field(default_factory=list)

    def add(self, story: Story) -> None:
        """Count one story."""
        self.stories += 1
        self.struck.update(dict.fromkeys(story.struck, 1))
        for run in story.runs:
            self.came_to.update(_states(story, run))
        if story.wrongs:
            self.wrong.append(story)


def _states(story: Story, run: Run) -> Iterable[str]:
    found = {str(run.ended.outcome)} if run.ended else set()
    if isinstance(run.stopped_with, Ask) and run.ended is None:
        found.add("waits for a person")
    if run.turned_away:
        found.add("turned away")
    for event in run.written:
        match event:
            case Resumed():
                found.add("resumed")
            case Succeeded(undoing=True):
                found.add("taken back")
            case Asked(what="doubt"):
                found.add("asked in doubt")
            case Settled(happened=True):
                found.add("settled: happened")
            case Settled(happened=False):
                found.add("settled: did not happen")
    if run.brought_home:
        found.add("brought home")
    if story.promotions:
        found.add("promoted")
    return found


def stories(seeds: Iterable[int], each: Callable[[Story], None] = lambda _story: None) -> Seen:
    """Tell the stories of these seeds."""
    seen = Seen()
    for seed in seeds:
        story = Story(Setting.drawn(seed)).play()
        seen.add(story)
        each(story)
    return seen


def shrunk(setting: Setting, *, most: int = 60) -> Setting:
    """Leave out every fault without which the story goes wrong all the same, in at most `most` tellings."""
    again = True
    while again:
        again = False
        for fault in setting.faults:
            most -= 1
            fewer = setting.without(fault)
            if most >= 0 and Story(fewer).play().wrongs:
                setting, again = fewer, True
                break
    if most > 0 and setting.has_places and Story(fewer := replace(setting, has_places=False)).play().wrongs:
        return fewer
    return setting


def report(story: Story, *, trace: bool = False) -> str:
    """Tell a story in lines: what it is made of, what happened when asked for, and what was wrong."""
    setting = story.setting
    places = "with three places" if setting.has_places else "on one machine"
    lines = [f"seed {setting.seed}: {setting.mode}, {places}; {setting.incident}"]
    lines += [f"    fault  {told(fault)}" for fault in setting.faults]
    if trace:
        lines += story.lines
    lines += [f"WRONG: {wrong}" for wrong in story.wrongs]
    return "\n".join(lines)


def failure(story: Story) -> str:
    """Tell a story that went wrong, with no more faults than it takes, and how to see it again."""
    fewest = Story(shrunk(story.setting), listen=True).play()
    return "\n".join(
        (
            report(story),
            f"Again: python -m tests.simulation --seed {story.setting.seed} --trace",
            "With the fewest faults:",
            report(fewest, trace=True),
        )
    )
