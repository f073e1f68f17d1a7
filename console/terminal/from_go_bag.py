"""Work from a go-bag in place of a city's folder: what was asked for, the folder beside it, and its secrets in memory.

Its city is laid out beside it, `<name>-work/city`, and held against the go-bag each time; runs and pages are kept there
too. The secrets are unsealed when the world outside is opened, and never written.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from connectors.secrets import Secrets
    from seawall.go_bag.bag import Bag, Judge
    from seawall.plan import Plan
    from seawall.settings import Settings

VARIABLE = "SEAWALL_GO_BAG"
WORK_VARIABLE = "SEAWALL_GO_BAG_WORK"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line says about a go-bag."""

    said: Path | None = None
    key: Path | None = None
    although_old: bool = False

    @property
    def path(self) -> Path | None:
        """The go-bag to work from: as said, else SEAWALL_GO_BAG; None when none is wanted."""
        return self.said or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)


_WANTED: ContextVar[Wanted] = ContextVar("go-bag", default=Wanted())  # noqa: B039 - frozen
_OPEN: ContextVar[Bag | None] = ContextVar("open go-bag", default=None)
_SEALED: ContextVar[bool] = ContextVar("secrets stay sealed", default=False)


def wanted() -> Wanted:
    """Return what this command line says."""
    return _WANTED.get()


def want_none() -> None:
    """Forget what another command line said, in the same process."""
    _WANTED.set(Wanted())
    _OPEN.set(None)


def _take_bag(said: Path | None) -> Path | None:
    if said is not None:
        _WANTED.set(replace(_WANTED.get(), said=said.expanduser().absolute()))
    return said


def _take_key(said: Path | None) -> Path | None:
    if said is not None:
        _WANTED.set(replace(_WANTED.get(), key=said.expanduser().absolute()))
    return said


def _take_old(said: bool) -> bool:
    if said:
        _WANTED.set(replace(_WANTED.get(), although_old=True))
    return said


FromGoBag = Annotated[
    Path | None,
    typer.Option(
        "--from-go-bag",
        metavar="FILE",
        callback=_take_bag,
        help="Work from this go-bag, with no city's folder; else SEAWALL_GO_BAG. Its runs are kept beside it.",
    ),
]
UnsealWith = Annotated[
    Path | None,
    typer.Option(
        "--unseal-with",
        metavar="KEY",
        callback=_take_key,
        help="With a go-bag: the SSH private key that opens its secrets; else the usual ones in ~/.ssh.",
    ),
]
AlthoughOld = Annotated[
    bool,
    typer.Option(
        "--although-old", callback=_take_old, help="With a go-bag: also when it is older than its policy."
    ),
]


CALLED = "SEAWALL_CALLED"
"""How the program was called, where that is not `seawall`: by a go-bag that brings it."""
KNOWN_TO = {
    "abort": True,
    "answer": False,
    "approve": False,
    "doctor": True,
    "duty": False,
    "freeze": True,
    "override": True,
    "person": False,
    "places": True,
    "plan": True,
    "pretend": True,
    "print": False,
    "recover": True,
    "report": False,
    "resume": True,
    "retry": True,
    "run": True,
    "runs": False,
    "show": False,
    "skip": True,
    "status": False,
    "thaw": True,
    "undo": True,
    "watch": True,
}
"""Commands that take a go-bag, and whether they open its secrets whatever else is said."""


def as_typed(command: str) -> str:
    """Return a command as it is to be typed here, with the go-bag that this one works from."""
    program, _, rest = command.partition(" ")
    name, said = rest.split(" ", 1)[0], wanted()
    if program != "seawall" or (said.path is None and CALLED not in os.environ):
        return command
    rest, _, remark = rest.partition("   #")
    words = [os.environ.get(CALLED, program), rest]
    if name in KNOWN_TO and "--from-go-bag" not in rest:
        words += ["--from-go-bag", shlex.quote(str(said.said))] if said.said is not None else []
        words += (
            ["--unseal-with", shlex.quote(str(said.key))] if said.key is not None and KNOWN_TO[name] else []
        )
        words += ["--although-old"] if said.although_old else []
    return " ".join(words) + (f"   #{remark}" if remark else "")


def open_bag() -> Bag | None:
    """Open the go-bag that this command line works from; None when it works from none. Raises: BadInput."""
    if (known := _OPEN.get()) is not None:
        return known
    asked = wanted()
    if asked.path is None:
        return None
    from console.terminal.surroundings import surroundings
    from seawall.go_bag.bag import read_bag

    bag = read_bag(asked.path.absolute(), judge_here(str(asked.path)))
    if not asked.although_old:
        bag.refuse_old(surroundings().now())
    _OPEN.set(bag)
    return bag


def takes_the_place_of(city: Path | None) -> bool:
    """Tell whether this command line works from a go-bag and not from a city's folder. Raises: BadInput for both."""
    if wanted().said is not None and city is not None:
        from seawall.errors import BadInput

        problem = "a go-bag brings its city with it, and another folder is named besides"
        raise BadInput.one(problem, where=f"--city {city}", remedy="Leave --city or --from-go-bag out")
    return city is None and wanted().path is not None


def judge_here(where: str) -> Judge:
    """Return what a go-bag's signature is held against on this machine: its trust root, else nothing but itself."""
    from console.terminal.surroundings import surroundings
    from seawall.errors import BadInput
    from seawall.go_bag.archive import LIAR
    from seawall.go_bag.bag import Vouched, by_itself
    from seawall.go_bag.manifest import NAMESPACE, Manifest
    from seawall.signers import read_trust
    from seawall.sshsig import SshSignature

    signers = read_trust()
    if signers is None:
        return by_itself

    def judge(signature: SshSignature, manifest: Manifest) -> Vouched:
        if signers.may_sign(signature.key, NAMESPACE, manifest.made_by, surroundings().now()):
            return Vouched(signature.fingerprint, manifest.made_by, "trust-root")
        problem = (
            f"it is signed by {signature.fingerprint}, which may sign no go-bag for {manifest.made_by} here"
        )
        remedy = f"{LIAR}; who may sign stands in {signers.folder}/allowed_signers"
        raise BadInput.one(problem, where=where, remedy=remedy)

    return judge


def settings_of(bag: Bag) -> Settings:
    """Lay the go-bag's city out beside it and return how Seawall is set there. Raises: BadInput."""
    from seawall.settings import load_settings

    work = work_folder(bag.path)
    _lay({**_product_files(bag), **bag.city_files}, work / "city")
    _bring_trust(bag, work / "trust")
    settings = load_settings(work / "city")
    beside = {
        name: work / name.replace("_", "-")
        for name in ("runs", "pages", "exercise_pages")
        if not os.environ.get(f"SEAWALL_{name.upper()}")
    }
    kept = settings.go_bag.model_copy(update={"keep_at": (str(bag.path),)})
    return settings.model_copy(update={**beside, "prefect": "off", "go_bag": kept})


def work_folder(bag: Path) -> Path:
    """Return where what is done with a go-bag is kept: beside it, or where SEAWALL_GO_BAG_WORK says."""
    if said := os.environ.get(WORK_VARIABLE):
        return Path(said).expanduser().absolute()
    return bag.with_name(f"{bag.stem}-work")


def _bring_trust(bag: Bag, folder: Path) -> None:
    """Let the allowed signers of the go-bag say whose yes counts, on a machine that has none of its own.

    Without them a yes would be typed here that has to be signed at home.
    """
    from seawall.signers import FILE, trust_folder
    from seawall.signers import VARIABLE as TRUST_VARIABLE

    if bag.trust is not None and trust_folder() is None:
        _lay({FILE: bag.trust}, folder)
        os.environ[TRUST_VARIABLE] = str(folder)


def _lay(files: Mapping[str, bytes], folder: Path) -> None:
    """Have these files in `folder`, to the byte; what else lies there goes. Raises: BadInput."""
    from seawall.errors import BadInput, JournalError
    from seawall.files import make_folder, write_whole

    try:
        for name, content in files.items():
            path = folder / name
            if not path.is_file() or path.is_symlink() or path.read_bytes() != content:
                make_folder(path.parent)
                write_whole(path, content)
        for path in sorted(folder.rglob("*"), reverse=True):
            name = path.relative_to(folder).as_posix()
            if name not in files and not any(one.startswith(f"{name}/") for one in files):
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    except (JournalError, OSError) as error:
        problem = error.problem if isinstance(error, JournalError) else (error.strerror or str(error)).lower()
        remedy = (
            f"Copy the go-bag to a disk that can be written, or name a folder that can: {WORK_VARIABLE}=DIR"
        )
        raise BadInput.one(
            f"what is in it cannot be laid out: {problem}", where=str(folder), remedy=remedy
        ) from None


def _product_files(bag: Bag) -> Mapping[str, bytes]:
    """Return the runbooks and messages that came with the Seawall it was made by, where they are not those here."""
    from seawall.go_bag.manifest import PRODUCT_FOLDER
    from seawall.loading import PRODUCT

    there = {}
    for name, content in bag.below(PRODUCT_FOLDER).items():
        installed = PRODUCT / name
        if not installed.is_file() or installed.read_bytes() != content:
            is_message = name.startswith("messages/")
            there[f"templates/{name.removeprefix('messages/')}" if is_message else f"runbooks/{name}"] = (
                content
            )
    return there


def secrets_of(bag: Bag) -> Mapping[str, str]:
    """Unseal a go-bag's secrets, in memory alone. Raises: BadInput when no key here opens them."""
    from connectors.sealing import unseal
    from seawall.errors import BadInput

    if bag.sealed is None:
        return {}
    to = ", ".join(dict.fromkeys(one.person for one in bag.manifest.sealed_to))
    opened = unseal(bag.sealed, wanted().key, passphrase_of, sealed_to=to)
    try:
        return {str(name): str(secret) for name, secret in dict(json.loads(opened)).items()}
    except (ValueError, TypeError) as error:
        remedy = "Take a copy from another place it is kept at"
        raise BadInput.one(
            "what is sealed in it are no secrets", where=str(bag.path), remedy=remedy
        ) from error


def vault_here() -> Secrets:
    """Return where secrets are looked up: first among those that the go-bag in use brought. Raises: BadInput."""
    from connectors.secrets import Secrets

    bag = None if _SEALED.get() else open_bag()
    return Secrets() if bag is None else Secrets(brought=secrets_of(bag))


@contextmanager
def leaving_secrets_sealed() -> Iterator[None]:
    """Open no secrets within: for what asks nobody outside, and is wanted by whoever has no key too."""
    token = _SEALED.set(True)
    try:
        yield
    finally:
        _SEALED.reset(token)


def plan_named(name: str) -> Plan | None:
    """Return the plan of that name that the go-bag in use was made with; None when there is none. Raises: BadInput."""
    bag = open_bag()
    if bag is None or all(one.name != name for one in bag.manifest.plans):
        return None
    return bag.plan(name)


def meant(runbook: str, parameters: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    """Return the runbook and parameters that a word means: of a go-bag's plan, what that was made of.

    Raises:
        BadInput: parameters were given besides.
    """
    plan = plan_named(runbook)
    if plan is None:
        return runbook, parameters
    if parameters:
        from seawall.errors import BadInput

        words = " ".join(f"{name}={value}" for name, value in plan.parameters.items())
        raise BadInput.one(
            f"a plan of the go-bag has its parameters already; {', '.join(parameters)} cannot change it",
            where=runbook,
            remedy=f"Leave them out, or name the runbook: {plan.runbook} {words}",
        )
    return plan.runbook, plan.parameters


def passphrase_of(key: Path) -> str | None:
    """Ask for the passphrase of a key; None when nobody can be asked."""
    from console.terminal.surroundings import surroundings

    if not surroundings().has_terminal():
        return None
    import getpass

    return getpass.getpass(f"Passphrase of {key}: ")
