"""What `seawall go-bag` does: gather, plan beforehand, seal, sign, and write one file, whole or not at all."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.terminal.desk import Desk
from console.terminal.from_go_bag import passphrase_of
from console.terminal.print import paper_of_plan
from console.terminal.screen import Screen, aside, next_command, out
from console.terminal.surroundings import operator, surroundings, version
from console.terminal.thinking import imagine
from seawall.errors import BadInput, JournalError, Mistake
from seawall.files import make_folder, read_named, write_whole
from seawall.go_bag.bag import bag_of, by_itself, write_bag
from seawall.go_bag.contents import files_of, names_in, references_in
from seawall.go_bag.failures import Failure, failures, lost_sites
from seawall.go_bag.kept import ENDING, file_name, kept_at
from seawall.go_bag.manifest import (
    NAMESPACE,
    PLANS,
    PRINTED,
    SEALED,
    START,
    TRUST,
    KeptPlan,
    Manifest,
    Sealed,
    Unplanned,
    digests,
)
from seawall.go_bag.software import programs, starter, this_python
from seawall.loading import load_city
from seawall.model import Language
from seawall.paper.page import to_paper
from seawall.signers import FILE, Signers, read_trust
from seawall.ssh_wire import NotASignature
from seawall.sshsig import Signing, fingerprint, key_from_line

if TYPE_CHECKING:
    from seawall.actions import World

LANGUAGES: tuple[Language, ...] = ("da", "en")
NOT_PLANNED_BY = "seawall check says what is missing"
LARGEST_KEY = 64 * 1024


@dataclass(frozen=True, slots=True)
class Making:
    """How a go-bag is made: where it goes, whom its secrets are sealed to, by which key it is signed."""

    output: Path | None
    sealed_to: tuple[str, ...]
    key: Path | None
    with_software: bool = False
    without_secrets: bool = False


def make_bag(making: Making, *, who: str | None, city: Path | None, as_json: bool) -> None:
    """Make a go-bag and say what is in it.

    Raises:
        BadInput: with every mistake in the city, or in how it is to be made; nothing was written.
        SeawallError: nobody signed it.
    """
    desk, by = Desk.at(city), operator(who)
    loaded = load_city(desk.folder)  # whole: what is broken today must not be found out on the day
    paths = _paths(making, desk)
    signers = read_trust()
    keys = {} if making.without_secrets else _keys(making, desk, signers)
    members: dict[str, bytes] = dict(files_of(desk.folder))
    plans, unplanned = _plan_beforehand(desk, members)
    sealed, without = (None, ()) if making.without_secrets else _sealed(desk, keys, members)
    if sealed is not None:
        members[SEALED] = sealed
    if signers is not None:
        members[TRUST] = (signers.folder / FILE).read_bytes()
    members |= programs() if making.with_software else {START: starter()}
    inventory = loaded.inventory
    manifest = Manifest(
        city=inventory.city.name,
        title=inventory.city.title,
        made_at=surroundings().now(),
        made_by=by,
        made_with=version(),
        good_for=desk.settings.go_bag.at_most,
        members=digests(dict(sorted(members.items()))),
        sealed_to=tuple(
            Sealed(person=name, key=fingerprint(one)) for name, those in keys.items() for one in those
        ),
        secrets=tuple(one for one in _references(desk) if one not in without) if sealed is not None else (),
        without=tuple(without) if sealed is not None else _references(desk),
        plans=plans,
        unplanned=unplanned,
        sites=lost_sites(inventory, plans),
        names=names_in(inventory),
        software=this_python() if making.with_software else None,
    )
    content = _signed(manifest, members, making, by, signers)
    for path in paths:
        _write(path, content)
    _tell(manifest, paths, len(content), content, as_json=as_json)


def _paths(making: Making, desk: Desk) -> list[Path]:
    city = desk.inventory.city.name
    if making.output is not None:
        path = making.output.expanduser().absolute()
        return [path if path.suffix == ENDING else path / file_name(city)]
    return list(kept_at(desk.settings, city)) or [Path.cwd() / file_name(city)]


def _keys(making: Making, desk: Desk, signers: Signers | None) -> Mapping[str, tuple[bytes, ...]]:
    """Return the public keys that the secrets are sealed to, by person. Raises: BadInput, with every mistake."""
    asked = making.sealed_to or desk.settings.go_bag.sealed_to
    if not asked:
        raise BadInput.one(
            "nobody is named to whom its secrets are sealed",
            where="--for",
            remedy="Name the people whose SSH keys open them: --for anna --for bo, or --for anna=anna.pub; "
            "or leave the secrets out: --without-secrets",
        )
    found: dict[str, tuple[bytes, ...]] = {}
    mistakes: list[Mistake] = []
    for one in asked:
        person, sign, file = one.partition("=")
        try:
            if person not in desk.inventory.people:
                known = ", ".join(sorted(desk.inventory.people)) or "nobody"
                raise BadInput.one(
                    f"the inventory knows nobody called {person}",
                    where=f"--for {one}",
                    remedy=f"It knows {known}",
                )
            found[person] = _key_in(Path(file).expanduser(), one) if sign else _keys_of(person, signers)
        except BadInput as error:
            mistakes += error.mistakes
    if mistakes:
        raise BadInput(mistakes)
    return found


def _keys_of(person: str, signers: Signers | None) -> tuple[bytes, ...]:
    from connectors.sealing import TAKEN

    now = surroundings().now()
    every = signers.every if signers is not None else ()
    theirs = [
        one.key for one in every if person in one.principals and (one.until is None or now <= one.until)
    ]
    taken = tuple(key for key in theirs if _line(key).split(" ", 1)[0] in TAKEN)
    if not taken:
        lacking = (
            "this machine has no allowed_signers"
            if signers is None
            else f"{signers.folder}/{FILE} has none of theirs"
        )
        if theirs:
            lacking = "their keys can sign, but open nothing: an ed25519 or RSA key that is in no hardware is needed"
        remedy = f"Name their public key: --for {person}={person}.pub"
        raise BadInput.one(
            f"no key of {person} is known that opens something: {lacking}",
            where=f"--for {person}",
            remedy=remedy,
        )
    return taken


def _key_in(path: Path, asked: str) -> tuple[bytes, ...]:
    where = f"--for {asked}"
    raw = read_named(
        path,
        str(path),
        at_most=LARGEST_KEY,
        name_what="Name a public key's file",
        when_larger="Name a public key's file",
    )
    words = raw.decode("ascii", errors="replace").split()
    try:
        return (key_from_line(words[0], words[1]),)
    except (NotASignature, IndexError) as error:
        problem = error.problem if isinstance(error, NotASignature) else "it holds no public key"
        remedy = "Name the file that ends in .pub: ssh-ed25519 AAAA..."
        raise BadInput.one(f"{path}: {problem}", where=where, remedy=remedy) from None


def _line(key: bytes) -> str:
    kind = key[4 : 4 + int.from_bytes(key[:4], "big")].decode("ascii", errors="replace")
    return f"{kind} {base64.b64encode(key).decode()}"


def _references(desk: Desk) -> tuple[str, ...]:
    return references_in(desk.city.inventory, desk.city.runbooks.values())


def _plan_beforehand(
    desk: Desk, members: dict[str, bytes]
) -> tuple[tuple[KeptPlan, ...], tuple[Unplanned, ...]]:
    """Make the plan for every failure of the first tier without looking at anything outside."""
    plans, unplanned = [], []
    with desk.open_world() as world:
        for failure in failures(desk.city.inventory):
            try:
                plans.append(_planned(desk, world, failure, members))
            except BadInput as error:
                first = error.mistakes[0]
                place = "" if first.where == failure.service else f"{first.where}: "
                unplanned.append(Unplanned(service=failure.service, why=f"{place}{first.problem}"))
    return tuple(plans), tuple(unplanned)


def _planned(desk: Desk, world: World, failure: Failure, members: dict[str, bytes]) -> KeptPlan:
    if failure.runbook is None:
        raise BadInput.one(failure.why, where=failure.service, remedy=NOT_PLANNED_BY)
    plan = imagine(desk, world, failure.runbook, failure.parameters, exercise=False)
    members[f"{PLANS}{failure.name}.json"] = plan.content
    for spoken in LANGUAGES:
        page = to_paper(paper_of_plan(plan, desk, spoken), spoken, desk.zone)
        members[f"{PRINTED}{failure.name}.{spoken}.html"] = page.encode()
    return KeptPlan(
        name=failure.name,
        title=plan.title,
        runbook=plan.runbook,
        parameters=plan.parameters,
        service=failure.service,
        lost=failure.lost,
        digest=plan.digest,
    )


def _sealed(
    desk: Desk, keys: Mapping[str, tuple[bytes, ...]], members: Mapping[str, bytes]
) -> tuple[bytes | None, Sequence[str]]:
    """Gather the secrets and seal them. Returns them, if any, and the references behind which nothing could be read.

    Raises:
        BadInput: a secret stands in the clear in one of the files that go into the go-bag.
    """
    from connectors.sealing import seal
    from connectors.secrets import Secrets, unreadable

    references = _references(desk)
    vault = Secrets()
    lacking = unreadable(vault, references)
    known = {one: vault.secret(one) for one in references if one not in lacking}
    mistakes = [
        Mistake(
            name,
            "a secret stands in it in the clear",
            "Refer to it, e.g. as file:/path, and change the secret",
        )
        for name, content in members.items()
        if vault.redact(text := content.decode(errors="replace")) != text
    ]
    if mistakes:
        raise BadInput(mistakes)
    if not known:
        return None, tuple(lacking)
    content = json.dumps(known, sort_keys=True, ensure_ascii=False).encode()
    return seal(content, {name: [_line(one) for one in those] for name, those in keys.items()}), tuple(
        lacking
    )


def _signed(
    manifest: Manifest, members: Mapping[str, bytes], making: Making, by: str, signers: Signers | None
) -> bytes:
    key = _signing_key(making.key, by, signers)
    if signers is not None and not signers.may_sign(key.public_key, NAMESPACE, by, surroundings().now()):
        raise BadInput.one(
            f"the key {fingerprint(key.public_key)} may sign no go-bag for {by} here",
            where=str(signers.folder / FILE),
            remedy=f"Sign with a key that stands there for {by} and for {NAMESPACE}, or say who you are: --as NAME",
        )
    content = write_bag(manifest, members, key)
    bag_of(content, Path("the new go-bag"), by_itself)  # what cannot be read is not written
    return content


def _signing_key(path: Path | None, by: str, signers: Signers | None) -> Signing:
    """Return the key that signs: the file's, else one of the agent's that may. Raises: BadInput, Unreachable."""
    from connectors.ssh.agent import agent_keys, key_from_file

    if path is not None:
        return key_from_file(path, lambda: passphrase_of(path) or "")
    now, held = surroundings().now(), agent_keys()
    may = [one for one in held if signers is None or signers.may_sign(one.public_key, NAMESPACE, by, now)]
    if not held:
        remedy = "Name a private key: --key ~/.ssh/id_ed25519, or give one to ssh-agent: ssh-add"
        raise BadInput.one("there is no key to sign it with", where="--key", remedy=remedy)
    return (may or held)[0]


def _write(path: Path, content: bytes) -> None:
    if path.exists() and (path.is_dir() or path.read_bytes()[:4] != b"PK\x03\x04"):
        # A slip such as `-o inventory/services.yaml` must not cost somebody their city.
        raise BadInput.one(
            "it is there already, and is no go-bag", where=str(path), remedy="Name another file"
        )
    try:
        make_folder(path.parent)
        write_whole(path, content)
    except JournalError as error:
        raise BadInput.one(
            error.problem, where=str(path), remedy="Choose another place, or free space there"
        ) from error


def _tell(manifest: Manifest, paths: Sequence[Path], size: int, content: bytes, *, as_json: bool) -> None:
    from console.terminal.go_bag_screen import bag_as_json, show_contents

    bag = bag_of(content, paths[0], by_itself)
    if as_json:
        told: dict[str, Any] = {
            "written": [str(path) for path in paths],
            "bytes": size,
            **bag_as_json(bag, None),
        }
        out().raw(json.dumps(told, indent=2, ensure_ascii=False))
        return
    screen = out()
    for path in paths:
        screen.say(f"Written: {path} ({size / 1e6:.1f} MB)", "good")
    show_contents(bag, screen)
    _warn(manifest, aside())
    next_command(screen, f"seawall go-bag verify {paths[0]}", f"seawall runs --from-go-bag {paths[0]}")


def _warn(manifest: Manifest, screen: Screen) -> None:
    for reference in manifest.without:
        screen.say(f"{reference}: this secret is not in it, for it could not be read here.", "warn", hang=2)
    for name in manifest.names:
        screen.say(f"{name} is a name: without DNS it leads nowhere. Write its address.", "warn", hang=2)
