"""What people laid into a run and the judge put aside: who, what word, why it does not count, and what to do.

Whoever laid it there was told; whoever looks at the run now is somebody else. Anybody who may write in a city's folder
may lay a file there: what is read of it is cut short, and is shown as words, never as more.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pydantic import AwareDatetime, ValidationError

from seawall.approve import is_wanted
from seawall.inbox import LONGEST
from seawall.journal import WORD, Answered, Approved, Overridden, Retried, Skipped, Word
from seawall.model import Frozen, Text
from seawall.run_folder import RunFolder
from seawall.signed_words import answer_typed, command_of
from seawall.state import State

MOST = 20
"""Words that are told, the last ones."""
MOST_LETTERS = 400
"""Letters of a reason that are told: one that is about a file nobody can read holds much of that file."""


class PutAside(Frozen):
    """One word that does not count.

    Attributes:
        file: what it is called in the run's `inbox/refused/`.
        at: when it was said, by its giver's clock; None of what is no word.
        by: who it says has said it, which nobody may have checked; None of what is no word.
        said: what it says.
        why: why it does not count, in the judge's words, which are English.
        wanted: whether the run still waits for such a word.
        todo: what to do about it, and the command that says it anew, where there is one.
    """

    file: str
    at: AwareDatetime | None
    by: str | None
    step: str | None
    said: Text
    why: str
    wanted: bool
    todo: Text
    command: str | None = None


def put_aside(run: RunFolder, state: State, *, since: Collection[str] = ()) -> tuple[PutAside, ...]:
    """Tell what was put aside of a run, the oldest first, the last `MOST`. Raises nothing: none of it is evidence.

    Of what was there before, whose files are named in `since`, nothing is told.
    """
    names = [name for name in files_put_aside(run)[-MOST:] if name not in since]
    return tuple(_told(_folder(run), name, run, state) for name in names)


def files_put_aside(run: RunFolder) -> tuple[str, ...]:
    """Return what the files are called, in the order in which they were said. Reads none, and raises nothing."""
    try:
        return tuple(sorted(one.name for one in _folder(run).iterdir() if one.name.endswith(".json")))
    except OSError:
        return ()


def _folder(run: RunFolder) -> Path:
    return run.inbox_path / "refused"


def _told(folder: Path, name: str, run: RunFolder, state: State) -> PutAside:
    why = _cut(_content(folder / f"{name}.why.txt").decode(errors="replace")) or "nobody wrote down why"
    try:
        word: Word = WORD.validate_json(_content(folder / name))
    except ValidationError:
        return PutAside(
            file=name, at=None, by=None, step=None, said=_NO_WORD, why=why, wanted=False, todo=_WHO_LAID_IT
        )
    step: str | None = getattr(word, "step", None)
    wanted = _still_wanted(word, state)
    return PutAside(
        file=name,
        at=word.at,
        by=_cut(getattr(word, "by", "")) or None,
        step=step,
        said=_said(word, state),
        why=why,
        wanted=wanted,
        todo=_SAY_IT_AGAIN if wanted else _NOTHING,
        command=_command(word, run.id, state) if wanted else None,
    )


def _still_wanted(word: Word, state: State) -> bool:
    if isinstance(word, Skipped | Retried | Overridden):
        return is_wanted(word, state)
    if not isinstance(word, Approved | Answered) or state.ended is not None or not is_wanted(word, state):
        return False
    return not isinstance(word, Approved) or state.steps[word.step].yeses_wanted > 0


def _said(word: Word, state: State) -> Text:
    step = getattr(word, "step", "")
    kind: str = word.answer if isinstance(word, Answered) else word.kind
    if kind == "happened" and step in state.steps and state.steps[step].step.by is not None:
        kind = "done"
    said = _SAID.get(kind)
    return (
        Text(en=kind, da=kind)
        if said is None
        else Text(en=said.en.format(step=step), da=said.in_("da").format(step=step))
    )


def _command(word: Word, run: str, state: State) -> str:
    key = " --key FILE" if state.yeses.signed else ""
    match word:
        case Approved(step=step):
            said = f"approve {run} {step}" if state.yeses.signed else f"answer {run} {step} yes"
            return f"seawall {said} --as NAME{key}"
        case Overridden(step=step):
            return (
                f'seawall override {run} {step} --lost-writes N --lost-seconds S --why "..." --as NAME{key}'
            )
        case Answered(step=step):
            return f"seawall answer {run} {step} {answer_typed(word, state.steps[step])} --as NAME{key}"
        case Skipped(step=step) | Retried(step=step):
            return f'seawall {command_of(word)} {run} {step} --why "..." --as NAME{key}'
        case _:
            return f"seawall show {run}"


def _content(path: Path) -> bytes:
    try:
        if path.is_symlink() or not path.is_file():
            return b""
        with path.open("rb") as file:
            return file.read(LONGEST)
    except OSError:
        return b""


def _cut(text: str) -> str:
    line = " ".join(text.split()).removesuffix(".")
    return line if len(line) <= MOST_LETTERS else f"{line[:MOST_LETTERS]}..."


_SAID = {
    "approved": Text(en="yes to {step}", da="ja til {step}"),
    "no": Text(en="no to {step}", da="nej til {step}"),
    "done": Text(en="that {step} is done", da="at {step} er gjort"),
    "happened": Text(en="that {step} happened", da="at {step} er sket"),
    "did-not-happen": Text(en="that {step} did not happen", da="at {step} ikke er sket"),
    "cannot": Text(en="that {step} is not for them", da="at {step} ikke er deres"),
    "skipped": Text(en="that {step} is left out", da="at {step} springes over"),
    "retried": Text(en="that {step} is tried again", da="at {step} prøves igen"),
    "overridden": Text(
        en="that it goes on without the evidence of {step}", da="at den går videre uden beviset fra {step}"
    ),
}
_NO_WORD = Text(en="a file that is no word to a run", da="en fil, der ikke er et ord til en kørsel")
_SAY_IT_AGAIN = Text(
    en="Put that right, or let somebody who may say it", da="Ret det, eller lad én, der må, sige det"
)
_NOTHING = Text(en="Nothing: the run waits for no such word now", da="Intet: kørslen venter ikke på det nu")
_WHO_LAID_IT = Text(
    en="Nothing was done by it. Find out who laid it there: words to a run are said by commands",
    da="Den har intet gjort. Find ud af, hvem der lagde den: ord til en kørsel siges med kommandoer",
)
