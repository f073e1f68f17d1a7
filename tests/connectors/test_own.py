"""What every world must do with a city's own actions: what was reviewed is what is sent, and a value is one word."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import strategies as st

from connectors.memory.secrets import SecretsInMemory
from connectors.memory.ssh import MachineInMemory, SshInMemory
from connectors.own import OwnActions
from connectors.ssh import Ssh
from seawall.actions import Effect, Output, Proof, World
from seawall.entries import HostEntry
from seawall.errors import DidNothing, MayHaveActed, Unreachable
from seawall.inventory import About, Inventory, Site
from seawall.model import Text
from seawall.own_actions import Own, OwnActionsFile, one_word
from seawall.targets import Endpoint
from seawall.yaml_source import yaml_source
from tests.connectors.servers import occasion
from tests.examples import examples
from tests.seawall.keys import ed25519_key

SHOWS_WORDS = 'for w; do printf "%s" "$w" | od -An -v -tx1 | tr -d " \\n"; echo; done'
"""A program for a real `sh`: each of its words as it arrived, in hexadecimal, a line each."""

FILE = f"""
actions:
  words:
    does: Show the words it is given
    effect: reads
    runs_on: "{{machine}}"
    run: [sh, -c, '{SHOWS_WORDS}', sh, "{{word}}", "--as={{word}}", "{{machine.address}}"]
    parameters:
      machine: {{type: host}}
      word: {{type: text, matches: "(?s).*", may_begin_with_dash: true}}
    limit: 20s
    sees: {{first: {{pattern: "^([0-9a-f]*)$", type: text}}, all: {{pattern: "(?s)(.*)", type: text}}}}
    example: {{prints: "61"}}
  careful-words:
    does: Show the words it is given
    effect: reads
    runs_on: north-db
    run: [sh, -c, '{SHOWS_WORDS}', sh, "{{word}}"]
    parameters: {{word: {{type: text, matches: "(?s).*"}}}}
    limit: 20s
    sees: {{all: {{pattern: "(?s)(.*)", type: text}}}}
    example: {{prints: "61"}}
  typed:
    does: Show each kind of word
    effect: reads
    runs_on: north-db
    run: [echo, "{{queue}}", "{{count}}", "{{colour}}", "{{folder}}", "{{wait}}", "{{at}}"]
    parameters:
      queue: {{type: name}}
      count: {{type: integer, at_least: 1, at_most: 9}}
      colour: {{type: choice, of: [red, --blue]}}
      folder: {{type: path, below: /srv/www}}
      wait: {{type: duration, longest: 10m}}
      at: {{type: site}}
    limit: 20s
    sees:
      count: {{pattern: "^[a-z]+ ([0-9]+)", type: integer}}
      grey: {{pattern: grey}}
      lost: {{json: a.b, type: text}}
    example: {{prints: "letters 3"}}
  is-marked:
    does: Tell whether the mark is there
    effect: reads
    runs_on: north-db
    run: [test, -e, "marks/{{mark}}"]
    parameters: {{mark: {{type: name}}}}
    limit: 20s
    ends_with: [0, 1]
    sees: {{holds: {{status: [0]}}}}
  mark:
    does: Leave a mark
    effect: changes
    runs_on: north-db
    run: [sh, -c, 'mkdir -p marks && touch "marks/$1"', sh, "{{mark}}"]
    parameters: {{mark: {{type: name}}}}
    limit: 20s
    proof: is-marked
    undo: unmark
  unmark:
    does: Take a mark away
    effect: changes
    runs_on: north-db
    run: [rm, -f, "marks/{{mark}}"]
    parameters: {{mark: {{type: name}}}}
    limit: 20s
    no_proof: The mark itself
    no_way_back: mark puts it back
  fails:
    does: End as it is told
    effect: changes
    runs_on: north-db
    run: [sh, -c, 'echo sorry >&2; exit "$1"', sh, "{{status}}"]
    parameters: {{status: {{type: integer, at_least: 0, at_most: 255}}}}
    limit: 20s
    ends_with: [0, 3]
    refuses_with: [7]
    no_proof: It changes nothing
    no_way_back: It changes nothing
  looks-badly:
    does: Look, and fail
    effect: reads
    runs_on: north-db
    run: ["false"]
    parameters: {{}}
    limit: 20s
  hangs:
    does: Never end
    effect: reads
    runs_on: north-db
    run: [sleep, "600"]
    limit: 20s
  changes-and-hangs:
    does: Never end
    effect: changes
    runs_on: north-db
    run: [sleep, "600"]
    limit: 20s
    no_proof: It changes nothing
    no_way_back: It changes nothing
  not-there:
    does: Use a program that nobody installed
    effect: changes
    runs_on: north-db
    run: [/opt/nobody/installed-this]
    limit: 20s
    no_proof: It changes nothing
    no_way_back: It changes nothing
"""
ACTIONS = OwnActionsFile.model_validate(yaml_source(FILE, "actions/test.yaml").value).actions
OWN = Own(ACTIONS)


@dataclass
class Place:
    """The world with the actions in it, its city, and whether the machine is there."""

    world: World
    city: Inventory

    def perform(self, name: str, seconds: float = 20, **args: Any) -> Any:
        action = self.world[f"own.{name}"]
        if "machine" in ACTIONS[name].parameters:
            args["machine"] = self.city.host("north-db")
        return self.world.perform(action.name, {**args, **action.pinned}, occasion(seconds))


def a_city(address: str, port: int, host_key: str) -> Inventory:
    entry = HostEntry(
        site="north", address=address, port=port, user="seawall", key="env:KEY", host_key=host_key
    )
    north = Site(title=Text(en="North Hall"))
    about = About(name="havnby", title=Text(en="Havnby"))
    return Inventory(city=about, sites={"north": north}, hosts={"north-db": entry})


class OwnContract:
    @pytest.fixture
    def place(self) -> Place:
        raise NotImplementedError

    def test_an_action_of_the_city_is_one_as_any_other(self, place):
        mark, holds = place.world["own.mark"], place.world["own.is-marked"]
        assert (mark.effect, mark.proof, mark.undone_by) == (Effect.CHANGES, "own.is-marked", "own.unmark")
        assert issubclass(holds.seen, Proof)
        assert str(place.world["own.unmark"].no_way_back) == "mark puts it back"

    def test_its_proof_tells_whether_the_change_is_there(self, place):
        assert place.perform("is-marked", mark="one").holds is False
        place.perform("mark", mark="one")
        seen = place.perform("is-marked", mark="one")
        assert (seen.holds, seen.status, seen.because) == (True, 0, "test ended with 0")
        place.perform("unmark", mark="one")
        assert place.perform("is-marked", mark="one").holds is False

    def test_what_it_sees_is_typed_and_what_cannot_be_read_is_unknown(self, place):
        given = {"queue": "letters", "count": 3, "colour": "--blue", "folder": "/srv/www/a", "wait": "90s"}
        seen = place.perform("typed", at="north", **given)
        assert (seen.count, seen.grey, seen.lost) == (3, False, None)
        assert str(seen) == "status 0, count 3, grey False"

    @pytest.mark.parametrize(
        "wrong",
        [
            {"queue": "Letters"},
            {"queue": "a b"},
            {"count": 10},
            {"count": "3; reboot"},
            {"colour": "blue"},
            {"folder": "/srv/www"},
            {"folder": "/srv/www/../../etc"},
            {"folder": "/srv/wwwroot/a"},
            {"folder": "/srv/www//a"},
            {"wait": "11m"},
            {"wait": "-1s"},
            {"wait": "1500ms"},
            {"at": "south"},
        ],
    )
    def test_a_value_that_is_not_of_its_kind_is_never_sent(self, place, wrong):
        given = {"queue": "letters", "count": 3, "colour": "red", "folder": "/srv/www/a", "wait": "90s"}
        with pytest.raises(DidNothing, match="do not fit"):
            place.perform("typed", **{**given, "at": "north", **wrong})

    @pytest.mark.parametrize("value", ["a\nb", "a\0b", "a\rb", "\x1b[2J", "a\u2028b", "\udcff"])
    def test_a_control_character_is_never_sent(self, place, value):
        with pytest.raises(DidNothing):
            place.perform("words", word=value)

    @pytest.mark.parametrize("value", ["-rf", "--help", "-"])
    def test_what_would_be_read_as_an_option_is_never_sent_unless_the_file_allows_it(self, place, value):
        with pytest.raises(DidNothing, match="begins with a hyphen"):
            place.perform("careful-words", word=value)
        assert place.perform("words", word=value).first == value.encode().hex()

    def test_a_status_that_is_expected_is_no_failure(self, place):
        assert place.perform("fails", status=3).status == 3

    def test_a_status_that_says_nothing_was_done_is_believed(self, place):
        with pytest.raises(DidNothing, match="status 7: sorry"):
            place.perform("fails", status=7)

    def test_any_other_status_of_a_change_is_in_doubt(self, place):
        with pytest.raises(MayHaveActed, match="status 1: sorry"):
            place.perform("fails", status=1)

    def test_a_look_that_fails_changed_nothing(self, place):
        with pytest.raises(DidNothing, match="false ended with status 1: it said nothing"):
            place.perform("looks-badly")

    def test_a_look_that_does_not_end_changed_nothing(self, place):
        with pytest.raises(DidNothing):
            place.perform("hangs", seconds=1)

    def test_a_change_that_does_not_end_is_in_doubt(self, place):
        with pytest.raises(MayHaveActed):
            place.perform("changes-and-hangs", seconds=1)

    def test_a_program_that_is_not_there_did_nothing(self, place):
        with pytest.raises(DidNothing, match="there is no program /opt/nobody/installed-this on north-db"):
            place.perform("not-there")

    def test_another_definition_than_the_plans_is_refused(self, place):
        action = place.world["own.mark"]
        with pytest.raises(DidNothing, match="not what it was when this plan was made"):
            place.world.perform("own.mark", {"mark": "other", **action.pinned, "definition": "0"}, occasion())
        assert place.perform("is-marked", mark="other").holds is False

    def test_what_nobody_reviewed_is_refused(self, place):
        withheld = Own(ACTIONS, {"mark": "has been reviewed by nobody"})
        shell = place.world.connectors[0]._shell
        world = World(OwnActions(shell, place.city, withheld))
        with pytest.raises(DidNothing, match=r"own\.mark has been reviewed by nobody"):
            world.perform("own.mark", {"mark": "one", **world["own.mark"].pinned}, occasion())

    def test_a_machine_that_is_not_there_is_unreachable(self, place):
        gone = place.city.host("north-db").model_copy(update={"port": 1})
        args = {"mark": "one", **place.world["own.mark"].pinned, "runs_on": gone}
        with pytest.raises(Unreachable):
            place.world.perform("own.mark", args, occasion())


def _as_a_shell() -> Callable[[str, bytes], Output | None]:
    """Answer as a machine with a shell would, to the few programs of this suite."""
    marks: set[str] = set()

    def answer(command: str, _stdin: bytes) -> Output | None:  # noqa: PLR0911 - a program each
        _, _, program = command.partition("; exec ")
        match shlex.split(program):
            case ["sh", "-c", script, "sh", *words] if script == SHOWS_WORDS:
                shown = "".join(f"{word.encode().hex()}\n" for word in words)
                return Output(0, shown, "")
            case ["echo", *words]:
                return Output(0, " ".join(words) + "\n", "")
            case ["test", "-e", mark]:
                return Output(0 if mark in marks else 1, "", "")
            case ["sh", "-c", _, "sh", word] if not word.isdecimal():
                marks.add(f"marks/{word}")
                return Output(0, "", "")
            case ["rm", "-f", mark]:
                marks.discard(mark)
                return Output(0, "", "")
            case ["sh", "-c", _, "sh", status]:
                return Output(int(status), "", "sorry\n")
            case ["false"]:
                return Output(1, "", "")
            case ["sleep", _]:
                return None
            case _:
                token, _, missing = (
                    command.partition("printf '%s %s\\n' ")[2].partition(" >&2")[0].partition(" ")
                )
                return Output(86, "", f"{token} {missing}\n")

    return answer


class TestMemory(OwnContract):
    @pytest.fixture
    def place(self) -> Place:
        key = ed25519_key().line
        city = a_city("127.0.1.1", 22, key)
        machine = MachineInMemory(key, "north-db", answer=_as_a_shell())
        shell = SshInMemory({Endpoint(address="127.0.1.1", port=22): machine})
        return Place(World(OwnActions(shell, city, OWN)), city)


@pytest.fixture(scope="module")
def real(ssh_machine):
    city = a_city("127.0.0.1", ssh_machine.port, ssh_machine.host_key)
    shell = Ssh(SecretsInMemory({"env:KEY": ssh_machine.user_key}))
    yield Place(World(OwnActions(shell, city, OWN)), city)
    shell.close()


@pytest.mark.lab
class TestReal(OwnContract):
    @pytest.fixture
    def place(self, real: Place) -> Place:
        return real


SHARP = st.text(
    alphabet=st.sampled_from("'\"\\`$(){}[]<>|&;*?!#~ =-%@^,.:+/aZ0æ\u00a0\U0001f30a"), max_size=40
)
SAYINGS = st.sampled_from(
    [
        "$(touch pwned)",
        "`touch pwned`",
        "'; touch pwned; '",
        '"; touch pwned; "',
        "\\'; touch pwned #",
        "a || touch pwned",
        "a && touch pwned &",
        "> pwned",
        "${IFS}touch${IFS}pwned",
        "{word}",
        "{machine.address}",
        "$1",
        "~",
        "!!",
        "%s%n",
        "--",
        "",
        "-c",
        "A=b",
    ]
)


@pytest.mark.lab
@examples(300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(word=st.one_of(SHARP, SAYINGS, st.text(max_size=60)))
def test_whatever_a_value_holds_it_arrives_as_that_one_word_or_not_at_all(real, ssh_machine, word):
    if not one_word(word):
        with pytest.raises(DidNothing):
            real.perform("words", word=word)
        return
    assume(len(word.encode()) * 4 < 400)  # what is seen of a text is cut
    arrived = real.perform("words", word=word).all.splitlines()
    assert [bytes.fromhex(one).decode() for one in arrived] == [word, f"--as={word}", "127.0.0.1"]
    assert not (ssh_machine.home / "pwned").exists()


@pytest.mark.lab
@given(word=st.one_of(SHARP, SAYINGS, st.text(max_size=60)))
@examples(100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_value_holds_it_is_no_option(real, word):
    if word.startswith("-") or not one_word(word):
        with pytest.raises(DidNothing):
            real.perform("careful-words", word=word)
    else:
        assert bytes.fromhex(real.perform("careful-words", word=word).all).decode() == word
