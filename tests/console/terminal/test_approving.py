"""`approve`, `codes` and `review`: a yes is signed with one's own key, shown before, and counts or is refused."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from console.terminal.surroundings import surroundings
from seawall.errors import ExitCode
from seawall.inbox import put
from seawall.journal import Answered, Approved, Retried, Skipped
from seawall.journal_file import read_journal
from seawall.run_folder import read_state
from seawall.signed import Signed
from seawall.step_state import Stand
from tests.console.terminal.conftest import Said, Stage
from tests.seawall.keys import ed25519_key

PEOPLE = ("commander", "deputy-commander", "dr-manager", "operator", "duty-officer")
KEYS = {name: ed25519_key() for name in PEOPLE}


@pytest.fixture
def trust(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A trust root, and everybody's private key beside it; an operator, who is nobody who may."""
    folder = tmp_path / "trust"
    folder.mkdir(mode=0o700)
    lines = "".join(f'{name} namespaces="seawall-*" {key.line}\n' for name, key in KEYS.items())
    (folder / "allowed_signers").write_text(lines)
    for name, key in KEYS.items():
        (tmp_path / name).write_bytes(key.pem())
    monkeypatch.setenv("SEAWALL_TRUST", str(folder))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("SEAWALL_AS", "operator")
    runbook = stage.city / "runbooks" / "light.yaml"
    runbook.write_text(runbook.read_text().replace("within: 10m}", "within: 10m, good_for: 1h}"))
    return folder


@pytest.fixture
def waiting(stage: Stage, trust: Path, key_of: Callable[[str], Path]) -> Stage:
    """A signed run that asked for a yes, was not answered in time, and is driven by nobody."""
    stage.impatient()
    assert (
        stage("run", "light", "--yes", "green", "--sign-with", key_of("operator")).code == ExitCode.IN_DOUBT
    )
    return stage


@pytest.fixture
def key_of(tmp_path: Path) -> Callable[[str], Path]:
    return lambda name: tmp_path / name


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def yeses(stage: Stage) -> list[Approved]:
    return [one for one in read_journal(stage.run().journal_path) if isinstance(one, Approved)]


@pytest.mark.slow  # starts ssh-keygen
def test_a_signed_yes_lets_the_run_go_on_and_ssh_keygen_accepts_it_without_seawall(
    waiting, key_of, trust, tmp_path
):
    said = waiting(
        "approve", "last", "light", "--as", "commander", "--key", key_of("commander"), "--yes", "light"
    )
    assert said.code == ExitCode.DONE, said.err
    shown = flat(said.out)
    for words in ("THIS IS REAL", "light: Light it", "lamp=green", "asked for by operator", "once"):
        assert words in shown
    assert waiting("resume", "last", "--as", "operator").code == ExitCode.IN_DOUBT
    assert waiting.lit("green")
    (yes,) = yeses(waiting)
    assert yes.signed is not None
    (tmp_path / "statement").write_text(yes.signed.statement)
    (tmp_path / "statement.sig").write_text(yes.signed.signature)
    command = (
        f"ssh-keygen -Y verify -f {trust}/allowed_signers -I commander -n seawall-approval -s statement.sig"
    )
    with (tmp_path / "statement").open("rb") as statement:
        seen = subprocess.run(
            command.split(), cwd=tmp_path, stdin=statement, capture_output=True, check=False
        )
    assert seen.returncode == 0, seen.stderr
    assert json.loads(yes.signed.statement)["args"]["lamp"] == "green"


@pytest.mark.parametrize(
    ("who", "key", "named"),
    [
        ("dr-manager", "dr-manager", "dr-manager is not incident-commander"),
        ("nobody", "commander", "there is no person 'nobody'"),
        ("commander", "dr-manager", "is no key that may sign for commander here"),
    ],
)
def test_a_yes_that_would_not_count_is_refused_at_once_and_nothing_is_said(waiting, key_of, who, key, named):
    before = waiting.contents()
    said = waiting("approve", "last", "light", "--as", who, "--key", key_of(key), "--yes", "light")
    assert said.code == ExitCode.BAD_INPUT
    assert named in said.err
    assert waiting.contents() == before


def test_only_the_steps_name_signs(waiting, key_of):
    before = waiting.contents()
    for typed in ("yes", "", "lihgt"):
        said = waiting("approve", "last", "--as", "commander", "--key", key_of("commander"), "--yes", typed)
        assert said.code == ExitCode.BAD_INPUT
        assert "nothing was said" in said.err
    said = waiting("approve", "last", "--as", "commander", "--key", key_of("commander"))
    assert "this is no terminal" in said.err
    assert waiting.contents() == before


def test_a_typed_yes_points_at_what_signs_where_yeses_are_signed(waiting):
    before = waiting.contents()
    said = waiting("answer", "last", "light", "yes", "--as", "commander")
    assert said.code == ExitCode.BAD_INPUT
    assert f"seawall approve {waiting.run().id} light --as commander" in said.err
    assert waiting.contents() == before
    assert waiting("answer", "last", "light", "no", "--as", "commander").code == ExitCode.DONE


def test_a_yes_that_somebody_lays_into_the_inbox_past_the_command_is_put_aside_with_why(waiting):
    put(waiting.run(), Approved(at=surroundings().now(), step="light", by="commander", how="typed"))
    waiting("resume", "last")
    assert not waiting.lit("green")
    (why,) = (waiting.run().inbox_path / "refused").glob("*.why.txt")
    assert "here a yes is signed" in why.read_text()


def test_who_signed_for_a_run_cannot_allow_its_steps(stage, trust, key_of):
    stage.impatient()
    said = stage("run", "light", "--yes", "green", "--sign-with", key_of("commander"), "--as", "commander")
    assert "Signed for by commander." in said.out
    said = stage(
        "approve", "last", "light", "--as", "commander", "--key", key_of("commander"), "--yes", "light"
    )
    assert said.code == ExitCode.BAD_INPUT
    assert "its requester's own yes does not count" in said.err


def test_a_run_that_nobody_signed_for_says_so_and_takes_one_yes_more(stage, trust, key_of):
    stage.impatient()
    said = stage("run", "light", "--yes", "green")
    assert "Nobody signed for this run" in said.out
    assert stage.state().steps["light"].yeses_wanted == 2
    for n, name in enumerate(("commander", "deputy-commander")):
        key = key_of(name)
        assert stage("approve", "last", "light", "--as", name, "--key", key, "--yes", "light").code == 0
        stage("resume", "last")
        assert stage.lit("green") is (n == 1)


def test_what_waits_for_a_yes_is_listed(waiting):
    listed = json.loads(waiting("approve", "--json").out)
    assert [(one["run"], one["step"], one["of"], one["missing"], one["signed"]) for one in listed] == [
        (waiting.run().id, "light", "incident-commander", 1, True)
    ]
    assert f"seawall approve {waiting.run().id} light" in waiting("approve").out


def test_breaking_the_glass_opens_the_step_alone_and_owes_a_review_until_somebody_else_gave_it(
    stage, trust, key_of
):
    stage.impatient()
    stage("run", "light", "--yes", "green", "--sign-with", key_of("commander"), "--as", "commander")
    glass = ("approve", "last", "light", "--as", "commander", "--key", key_of("commander"), "--break-glass")
    said = stage(*glass, "--yes", "light")
    assert "why the glass is broken, is not said" in said.err
    said = stage(*glass, "--why", "nobody answers", "--yes", "light")
    assert said.code == ExitCode.DONE, said.err
    assert "YOU BREAK THE GLASS" in said.out
    stage("resume", "last")
    assert stage.lit("green")
    assert "THE GLASS WAS BROKEN by commander for light" in flat(stage("show", "last").out)
    assert "not over" in stage("review", "last", "justified", "--why", "x", "--as", "dr-manager").err
    done = ("answer", "last", "tell", "done", "--as", "duty-officer", "--key", key_of("duty-officer"))
    assert stage(*done).code == ExitCode.DONE
    stage("resume", "last")
    assert "review owed" in stage("status").out.lower()
    own = stage(
        "review", "last", "justified", "--why", "x", "--as", "commander", "--key", key_of("commander")
    )
    assert "commander broke the glass, and cannot review that" in own.err
    review = ("review", "last", "justified", "--why", "it was right", "--as", "dr-manager")
    assert stage(*review, "--key", key_of("commander")).code == ExitCode.BAD_INPUT
    said = stage(*review, "--key", key_of("dr-manager"))
    assert said.code == ExitCode.DONE, said.err
    assert "review owed" not in stage("status").out.lower()
    page = stage.city / "report.html"
    stage("report", "last", "--html", page)
    for told in (stage("report", "last", "--md").out, page.read_text()):
        assert "Reviewed by dr-manager" in flat(told)
        assert "broke the glass: nobody answers" in flat(told)
    kept = json.loads((stage.run().path / "review.json").read_text())
    assert (kept["by"], kept["verdict"], kept["signed"] is not None) == ("dr-manager", "justified", True)


@pytest.mark.slow  # a sheet of twenty codes, each by scrypt
def test_a_telephone_code_counts_once_and_is_shown_as_weaker(waiting, key_of, tmp_path):
    waiting.without_places()
    sheet = tmp_path / "sheet.html"
    said = waiting("codes", "print", "commander", "-o", sheet, "--as", "dr-manager")
    assert said.code == ExitCode.DONE, said.err
    assert sheet.stat().st_mode & 0o077 == 0
    (code, *_) = re.findall(r"\d\d-\w{4}-\w{4}-\w{4}", sheet.read_text())
    words = ("approve", "last", "light", "--for", "commander", "--code", code, "--key", key_of("operator"))
    said = waiting(*words, "--yes", "light")
    assert said.code == ExitCode.DONE, said.err
    assert "weaker than a signature" in said.out
    assert "guarded on this host only" in flat(said.out)
    waiting("resume", "last")
    assert waiting.lit("green")
    assert "heard by operator: weaker than a signature" in flat(waiting("show", "last").out)
    waiting("abort", "last")
    (waiting.lamps / "green").unlink()
    waiting("run", "light", "--yes", "green", "--sign-with", key_of("operator"))
    said = waiting(*words, "--yes", "light")
    assert said.code == ExitCode.BAD_INPUT
    assert "this code was used before" in said.err
    (listed,) = json.loads(waiting("codes", "list", "--json").out)
    assert (listed["used"], listed["used_known"]) == (1, "here")
    assert "guarded on this host only" in flat(waiting("codes", "list").out)


@pytest.fixture
def failed(stage: Stage, trust: Path, key_of: Callable[[str], Path]) -> Stage:
    """A signed run whose one change failed, and has ended by it."""
    assert (
        stage("run", "blink", "lamp=broken", "--yes", "broken", "--sign-with", key_of("operator")).code == 3
    )
    return stage


@pytest.mark.parametrize("command", ["skip", "retry"])
def test_a_failed_step_is_left_out_or_tried_again_by_a_signed_word_only(failed, key_of, command, tmp_path):
    before = read_journal(failed.run().journal_path)
    said = failed(command, "last", "light", "--why", "the bulb is new", "--as", "commander")
    assert said.code == ExitCode.BAD_INPUT
    assert "what lets a run go on is signed here: there is no ssh-agent with keys" in flat(said.err)
    again = f'seawall {command} {failed.run().id} light --why "..." --as commander --key FILE'
    assert again in flat(said.err)
    assert read_journal(failed.run().journal_path) == before
    assert not list(failed.run().inbox_path.glob("*.json"))
    words = (command, "last", "light", "--why", "the bulb is new", "--as", "commander")
    other = failed(*words, "--key", key_of("operator"))
    assert "is no key that may sign for commander here" in flat(other.err)
    failed(*words, "--key", key_of("commander"))
    (word,) = [one for one in read_journal(failed.run().journal_path) if isinstance(one, Skipped | Retried)]
    assert word.signed is not None
    (tmp_path / "statement.sig").write_text(word.signed.signature)
    allowed, signature = tmp_path / "trust" / "allowed_signers", tmp_path / "statement.sig"
    command_line = f"ssh-keygen -Y verify -f {allowed} -I commander -n seawall-{command} -s {signature}"
    verified = subprocess.run(
        command_line.split(),
        input=word.signed.statement.encode(),
        capture_output=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stderr
    assert "the bulb is new (signed)" in flat(failed("report", "last", "--md").out)


def test_a_word_that_somebody_lays_into_the_inbox_past_the_command_is_put_aside_with_why(failed, key_of):
    run = failed.run()
    put(run, Skipped(at=surroundings().now(), step="light", by="commander", why="because"))
    failed("retry", "last", "light", "--why", "x", "--as", "commander", "--key", key_of("commander"))
    (why,) = (run.inbox_path / "refused").glob("*.why.txt")
    assert f"it is typed, and here it is signed: `seawall skip {run.id} light" in why.read_text()
    assert not [one for one in read_journal(run.journal_path) if isinstance(one, Skipped)]
    assert read_state(run).steps["light"].stand is Stand.FAILED


def test_a_word_that_was_put_aside_is_named_to_whoever_takes_the_run_up_and_looks_at_it(waiting):
    """Whoever laid it there is seldom who looks at the run: they are told as much."""
    run = waiting.run()
    put(run, Approved(at=surroundings().now(), step="light", by="commander", how="typed"))
    taken_up = waiting("resume", "last", "--as", "operator")
    again = waiting("resume", "last", "--as", "operator")
    why = f"it is typed, and here a yes is signed: `seawall approve {run.id} light`."
    todo = (
        f"Put that right, or let somebody who may say it: seawall approve {run.id} light --as NAME --key FILE"
    )
    for said in (taken_up, again, waiting("show", "last")):
        for words in ("Said, and does NOT count", "commander: yes to light", why, todo):
            assert words in flat(said.out)
    (one,) = json.loads(waiting("show", "last", "--json").out)["put_aside"]
    assert (one["by"], one["step"], one["wanted"]) == ("commander", "light", True)
    assert one["said"] == {"en": "yes to light", "da": "ja til light"}
    assert taken_up.out.count("commander: yes to light") == 1


def test_ones_own_step_is_done_by_a_signed_answer_and_stopped_by_any(waiting, key_of):
    stage = waiting
    stage("approve", "last", "light", "--as", "commander", "--key", key_of("commander"), "--yes", "light")
    stage("resume", "last", "--as", "operator")
    said = stage("answer", "last", "tell", "done", "--as", "duty-officer")
    assert said.code == ExitCode.BAD_INPUT
    assert "what lets a run go on is signed here" in flat(said.err)
    assert f"answer {stage.run().id} tell done --as duty-officer --key FILE" in flat(said.err)
    assert stage("answer", "last", "tell", "have-it", "--as", "duty-officer").code == ExitCode.DONE
    done = ("answer", "last", "tell", "done", "--as", "duty-officer", "--key", key_of("duty-officer"))
    assert stage(*done, "--why", "rang them").code == ExitCode.DONE
    assert stage("resume", "last").code == ExitCode.DONE
    assert "said that it happened: rang them (signed)" in flat(stage("report", "last", "--md").out)


@pytest.mark.slow
def test_at_a_runs_own_terminal_what_lets_it_go_on_is_signed_with_the_key_at_hand(
    stage, trust, key_of, sit_down, monkeypatch
):
    monkeypatch.setenv("SEAWALL_KEY", str(key_of("commander")))
    runbook = stage.city / "runbooks" / "light.yaml"
    named = "    by: duty-officer\n    answered_by: incident-commander\n"
    runbook.write_text(runbook.read_text().replace("    by: duty-officer\n", named))
    words = ("run", "light", "--yes", "green", "--as", "operator", "--sign-with", str(key_of("operator")))
    with sit_down(*words) as keyboard:
        keyboard.until("light waits for a yes")
        keyboard.until("> ")
        keyboard.type("yes commander")
        keyboard.until("tell is for duty-officer")
        keyboard.until("> ")
        keyboard.type("done duty-officer rang them")
        keyboard.until("duty-officer is not")
        keyboard.until("> ")
        keyboard.type("done deputy-commander rang them")
        keyboard.until("Sign for it where")
        keyboard.until("> ")
        keyboard.type("done commander rang them")
        keyboard.until("DONE")
        assert keyboard.ended() == ExitCode.DONE
    (said,) = [one for one in read_journal(stage.run().journal_path) if isinstance(one, Answered)]
    assert (said.by, said.why, said.signed is not None) == ("commander", "rang them", True)


def paper(stage: Stage, *more: str | Path, by: str = "duty-officer", yes: str = "commander") -> Said:
    at = read_state(stage.run()).last
    assert at is not None
    stage.write(
        "results.csv", f"step,result,time,by,approved_by\nlight,done,{at.isoformat()},second-on-call,{yes}\n"
    )
    code = stage.run().plan.digest[:16]
    return stage(
        "answer",
        "last",
        "--from-paper",
        "--code",
        code,
        "--file",
        stage.city / "results.csv",
        "--as",
        by,
        *more,
    )


def test_a_paper_is_typed_in_by_who_signs_for_it_and_its_yes_is_no_signature(waiting, key_of):
    said = paper(waiting)
    assert said.code == ExitCode.BAD_INPUT
    assert "there is no ssh-agent with keys" in flat(said.err)
    assert read_state(waiting.run()).steps["light"].stand is Stand.WAITING
    assert paper(waiting, "--key", key_of("operator")).code == ExitCode.BAD_INPUT
    said = paper(waiting, "--key", key_of("duty-officer"))
    assert said.code == ExitCode.DONE, said.err
    one = read_state(waiting.run()).steps["light"]
    assert one.by_hand is not None
    assert one.by_hand.signed is not None
    assert not one.yeses
    told = flat(waiting("show", "last").out)
    assert "UNVERIFIED: the yes to light from commander stands on a paper only" in told
    assert "who signed for that" in flat(waiting("report", "last", "--md").out)


def test_who_asked_for_a_run_of_signed_yeses_gives_none_on_a_paper_either(stage, trust, key_of):
    stage.impatient()
    stage("run", "light", "--yes", "green", "--as", "commander", "--sign-with", key_of("commander"))
    said = paper(stage, "--key", key_of("duty-officer"))
    assert said.code == ExitCode.BAD_INPUT
    assert "the paper names commander" in flat(said.err)
    assert paper(stage, "--key", key_of("duty-officer"), yes="deputy-commander").code == ExitCode.DONE


def test_two_sign_one_after_the_other_that_a_run_may_go_on_with_one_place_left(waiting, key_of, tmp_path):
    alone = ("approve", "last", "--only-one-place", "--yes", "green")
    run = waiting.run().id
    for words, wrong in (
        ((*alone, "--as", "commander"), "no reason is given"),
        ((*alone, "--why", "x", "--as", "anna"), "anna is not one of the city's people"),
        ((*alone, "light", "--why", "x"), "it is about the whole run"),
        ((*alone, "--why", "x", "--as", "commander"), "no ssh-agent with keys"),
    ):
        said = waiting(*words)
        assert said.code == ExitCode.BAD_INPUT
        assert wrong in flat(said.err)
    said = waiting(*alone, "--why", "rang them", "--as", "commander", "--key", key_of("commander"))
    assert said.code == ExitCode.DONE, said.err
    assert "It takes one more, somebody else" in said.out
    said = waiting(*alone, "--why", "rang them", "--as", "dr-manager", "--key", key_of("dr-manager"))
    assert f"seawall resume {run} --only-one-place" in flat(said.out)
    kept = Signed.model_validate_json((waiting.run().path / "alone" / "commander.json").read_bytes())
    (tmp_path / "statement.sig").write_text(kept.signature)
    allowed, signature = tmp_path / "trust" / "allowed_signers", tmp_path / "statement.sig"
    command_line = f"ssh-keygen -Y verify -f {allowed} -I commander -n seawall-only-one-place -s {signature}"
    verified = subprocess.run(
        command_line.split(), input=kept.statement.encode(), capture_output=True, check=False
    )
    assert verified.returncode == 0, verified.stderr


def test_where_there_is_no_trust_root_yeses_are_typed_and_every_screen_says_so(stage):
    stage.impatient()
    assert "proves nobody's word" in stage("run", "light", "--yes", "green").out
    assert "proves nobody's word" in stage("approve").out
    said = stage("approve", "last", "--as", "commander", "--yes", "light")
    assert "proves nobody's word" in said.out
    stage("resume", "last")
    assert stage.lit("green")
    assert (
        "telephone codes need a trust root"
        in stage("approve", "last", "light", "--code", "x", "--for", "bo").err
    )


def test_a_trust_root_that_others_can_write_stops_before_anything_is_opened(stage, trust, key_of):
    (trust / "allowed_signers").chmod(0o666)
    said = stage("run", "light", "--yes", "green", "--sign-with", key_of("operator"))
    assert said.code == ExitCode.BAD_INPUT
    assert "may write it, and so let any key count" in said.err
    assert not (stage.city / "runs").exists() or not list((stage.city / "runs").glob("2*"))


def test_doctor_says_whether_yeses_are_signed_and_who_could_not_sign(stage, trust):
    looked = json.loads(stage("doctor", "--json").out)["looks"]
    (one,) = [look for look in looked if look["what"] == "trust root"]
    assert (one["well"], one["saw"]) == (True, f"5 keys in {trust}/allowed_signers")
    lines = (trust / "allowed_signers").read_text().splitlines(keepends=True)
    (trust / "allowed_signers").write_text("".join(lines[:1]))
    assert "no key of deputy-commander, who may be asked for a yes" in flat(stage("doctor").out)


def test_doctor_says_that_typed_yeses_prove_nobodys_word(stage):
    assert "there is none: yeses are typed, and prove nobody's word" in flat(stage("doctor").out)
