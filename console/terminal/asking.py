"""Ask the person at this terminal what the run wants to know, and lay their words in the run's inbox.

A thread of its own: the run goes on beside it, and a question that somebody answers elsewhere is taken back here.
"""

from __future__ import annotations

import contextlib
import select
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from console.terminal.desk import Desk
from console.terminal.doubt_screen import DOUBTS, doubt_about, show_doubt
from console.terminal.on_call import show_who_may_say, who_is_asked
from console.terminal.questions import choices, how_to_type, taken_apart, word_for
from console.terminal.screen import Screen, language, words
from console.terminal.signing import TYPED, answer_command, sign_word, signed_here, signed_instead
from console.terminal.surroundings import surroundings
from seawall.errors import BadInput, SeawallError
from seawall.inbox import put
from seawall.journal import Approved
from seawall.messages import MARK
from seawall.questions import OpenQuestion, questions_of
from seawall.report.figures import clock
from seawall.run_folder import RunFolder
from seawall.state import State

LOOKS_EVERY = 0.1
"""Seconds between looks whether a line was typed, or whether somebody else answered."""
HEARD_WITHIN = 3.0
"""Seconds in which the driver hears a word; after that the question is asked again."""
Pause = Callable[[], AbstractContextManager[Screen]]


class Asking:
    """Asks one question after another, for as long as the run is driven here."""

    def __init__(self, run: RunFolder, desk: Desk, by: str, pause: Pause) -> None:
        self._run, self._desk, self._by, self._pause = run, desk, by, pause
        self._state: State | None = None
        self._news, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._ask_on, name="asking", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more. A question on the screen is left there."""
        self._over.set()
        self._news.set()
        self._thread.join(2 * LOOKS_EVERY)

    def saw(self, state: State) -> None:
        """Take note that something happened."""
        self._state = state
        self._news.set()

    def _ask_on(self) -> None:
        while not self._over.is_set():
            self._news.wait()
            self._news.clear()
            # The terminal may go away while somebody types (OSError, ValueError); others can still answer.
            with contextlib.suppress(OSError, ValueError):
                while not self._over.is_set() and (question := self._first()) is not None:
                    if not self._ask(question):
                        return

    def _first(self) -> OpenQuestion | None:
        return next(iter(questions_of(self._state)), None) if self._state else None

    def _ask(self, question: OpenQuestion) -> bool:
        """Ask until it is answered, here or elsewhere. Returns: whether there is still somebody to ask."""
        with self._pause() as screen:
            self._show(question, screen)
            while self._is_open(question):
                screen.stream.write("> ")
                screen.stream.flush()
                line = self._line(question)
                if line is None:
                    screen.say("(answered elsewhere, or not wanted any more)", "dim")
                    return True
                if not line:
                    command = answer_command(self._run.id, question.step.id, question.asked.what)
                    screen.say(f"Nobody can be asked here: {command}")
                    return False
                if self._say(line, question, screen):
                    self._wait_until_heard(question)
                    return True
        return True

    def _show(self, question: OpenQuestion, screen: Screen) -> None:
        who = who_is_asked(self._desk.city.inventory, question.asked)
        kind = MARK if self._run.plan.exercise else "REAL"
        screen.say()
        screen.say(
            f"{kind}: {question.in_words(who, language())}",
            "mark" if self._run.plan.exercise else "bad",
            hang=2,
        )
        screen.say(words(question.step.does), indent=2)
        if question.asked.what == "approval":
            back = (
                f"taken back by {question.step.undo.uses}" if question.step.undo else "there is no way back"
            )
            screen.say(f"{question.step.uses}, {back}", "dim", indent=2)
            if not signed_here():
                screen.say(TYPED, "dim", indent=2)
        if question.asked.what in DOUBTS and self._state is not None:
            doubt = doubt_about(self._run, self._state, question.step.id)
            show_doubt(doubt, screen, self._desk.zone, indent=2)
            show_who_may_say(self._state, question, screen, self._desk.city.inventory, indent=2)
        until = clock(question.asked.until, self._desk.zone)[:8]
        how = self._how_to_type(question)
        screen.say(f"Until {until}. {how}")

    def _how_to_type(self, question: OpenQuestion) -> str:
        assert self._state is not None
        return how_to_type(question, self._by, self._desk.city.inventory, self._state, surroundings().now())

    def _line(self, question: OpenQuestion) -> str | None:
        """Read a line: None when the question is no longer open, empty at the end of input."""
        while self._is_open(question):
            if select.select([sys.stdin], [], [], LOOKS_EVERY)[0]:
                return sys.stdin.readline()
        return None

    def _is_open(self, question: OpenQuestion) -> bool:
        if self._over.is_set() or self._state is None:
            return False
        return any(one.asked == question.asked for one in questions_of(self._state))

    def _say(self, line: str, question: OpenQuestion, screen: Screen) -> bool:
        typed = taken_apart(line, question, self._desk.city.inventory)
        if typed is None:
            screen.say(choices(question))
            return False
        assert self._state is not None
        try:
            word = word_for(
                self._state,
                question.step.id,
                typed.said,
                typed.person or self._by,
                why=typed.why,
                now=surroundings().now(),
                inventory=self._desk.city.inventory,
                note=typed.note,
            )
            if isinstance(word, Approved):
                word = signed_instead(self._run, self._state, word, self._desk)
            word = sign_word(self._run, self._state, word, self._desk, None)
            put(self._run, word)
        except BadInput as error:
            for mistake in error.mistakes:
                screen.say(f"{mistake.problem}. {mistake.remedy}.", "bad")
            return False
        except SeawallError as error:
            screen.say(str(error), "bad")
            return False
        return True

    def _wait_until_heard(self, question: OpenQuestion) -> None:
        before = question.missing
        for _ in range(round(HEARD_WITHIN / LOOKS_EVERY)):
            now = (
                next((one for one in questions_of(self._state) if one.asked == question.asked), None)
                if self._state
                else None
            )
            if now is None or now.missing < before or now.taken != question.taken:
                return
            self._over.wait(LOOKS_EVERY)
