"""`go-bag`, `--from-go-bag` and `merge`, as a person types them; secrets by a program of its own, with its own home."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from console.terminal.from_go_bag import WORK_VARIABLE
from seawall.errors import ExitCode
from seawall.go_bag.bag import by_itself, read_bag, write_bag
from seawall.go_bag.manifest import MANIFEST, SIGNATURE, digests
from tests.console.terminal.bags import Bags
from tests.seawall.keys import ed25519_key

CANARY = "kanarie-4711-hemmelig"
PLAN = "login-to-south"


class TestMaking:
    def test_it_says_what_to_type_for_which_failure(self, bags):
        said = bags.make()
        assert said.code == ExitCode.DONE, said.err
        assert f"    seawall run {PLAN}\n" in said.out
        assert "Next: seawall go-bag verify" in said.out

    def test_each_plan_is_in_it_on_paper_too_in_both_languages(self, bags):
        bags.have()
        members = read_bag(bags.file, by_itself).members
        for language in ("da", "en"):
            page = members[f"printed/{PLAN}.{language}.html"].decode()
            assert f'<html lang="{language}">' in page
            assert "south" in page

    def test_it_is_for_its_owner_alone(self, bags):
        bags.make()
        assert stat.S_IMODE(bags.file.stat().st_mode) == 0o600

    def test_nobody_named_for_its_secrets_is_a_refusal_that_helps(self, bags):
        said = bags.stage("go-bag", "-o", bags.folder / "x.pyz", "--key", bags.private)
        assert said.code == ExitCode.BAD_INPUT
        assert "--for anna=anna.pub" in said.err
        assert not (bags.folder / "x.pyz").exists()

    def test_every_mistake_in_for_is_said_at_once(self, bags):
        (bags.folder / "no.pub").write_text("hello")
        words = ["--for", "nobody", "--for", f"commander={bags.folder}/no.pub", "--for", "duty-officer"]
        said = bags.stage("go-bag", "-o", bags.folder / "x.pyz", "--key", bags.private, *words)
        assert said.code == ExitCode.BAD_INPUT
        told = " ".join(said.err.split())
        assert "nobody called nobody" in told
        assert "holds no public key" in told
        assert "no key of duty-officer is known" in told

    def test_without_a_key_it_is_not_written(self, bags):
        said = bags.stage("go-bag", "-o", bags.folder / "x.pyz", "--without-secrets")
        assert (said.code, (bags.folder / "x.pyz").exists()) == (ExitCode.BAD_INPUT, False)
        assert "ssh-add" in said.err

    def test_nothing_but_a_go_bag_is_written_over(self, bags):
        path = bags.folder / "city.pyz"
        path.write_text("mine")
        said = bags.stage("go-bag", "-o", path, "--without-secrets", "--key", bags.private)
        assert (said.code, path.read_text()) == (ExitCode.BAD_INPUT, "mine")

    def test_the_settings_say_where_and_for_whom(self, bags):
        key = bags.folder / "id_ed25519.pub"
        bags.stage.write("seawall.yaml", "go_bag: {keep_at: [one, two/x.pyz], sealed_to: [commander]}\n")
        trust = bags.folder / "trust"
        trust.mkdir(mode=0o700)
        (trust / "allowed_signers").write_text(f"commander,anna {key.read_text()}")
        (trust / "allowed_signers").chmod(0o600)
        os.environ["SEAWALL_TRUST"] = str(trust)
        try:
            said = bags.stage("go-bag", "--key", bags.private)
            checked = bags.stage("go-bag", "verify")
        finally:
            del os.environ["SEAWALL_TRUST"]
        assert said.code == ExitCode.DONE, said.err
        one, two = bags.stage.city / "one" / "havnby-go-bag.pyz", bags.stage.city / "two" / "x.pyz"
        assert one.read_bytes() == two.read_bytes()
        assert "Signed by anna, as this machine's allowed_signers say" in checked.out
        assert read_bag(one, by_itself).trust == (trust / "allowed_signers").read_bytes()

    def test_a_secret_in_the_clear_keeps_it_from_being_made(self, bags, monkeypatch):
        monkeypatch.setenv("SEAWALL_LOGIN_PASSWORD", CANARY)
        bags.another_runbook("slip", f"# {CANARY}\n")
        said = bags.make()
        assert (said.code, bags.file.exists()) == (ExitCode.BAD_INPUT, False)
        assert "city/runbooks/slip.yaml: a secret stands in it in the clear" in " ".join(said.err.split())
        assert CANARY not in said.err


class TestLooking:
    def test_verify_says_against_what_it_was_held(self, bags):
        bags.have()
        plain = bags.stage("go-bag", "verify", bags.file)
        named = bags.stage("go-bag", "verify", bags.file, "--signed-by", bags.folder / "id_ed25519.pub")
        assert (plain.code, named.code) == (ExitCode.DONE, ExitCode.DONE)
        assert "Nothing on this machine says so too" in " ".join(plain.out.split())
        assert "Signed by the key that you named" in named.out

    def test_verify_refuses_another_signer(self, bags):
        bags.have()
        said = bags.stage("go-bag", "verify", bags.file, "--signed-by", ed25519_key().fingerprint)
        assert said.code == ExitCode.BAD_INPUT

    def test_with_a_trust_root_a_stranger_is_refused(self, bags, monkeypatch):
        bags.have()
        trust = bags.folder / "trust"
        trust.mkdir(mode=0o700)
        (trust / "allowed_signers").write_text(f"anna {ed25519_key().line}\n")
        (trust / "allowed_signers").chmod(0o600)
        monkeypatch.setenv("SEAWALL_TRUST", str(trust))
        for words in (("go-bag", "verify", bags.file), ("runs", "--from-go-bag", bags.file)):
            said = bags.stage(*words)
            assert said.code == ExitCode.BAD_INPUT
            assert "may sign no go-bag for anna here" in " ".join(said.err.split())

    def test_verify_tells_a_stale_one(self, bags):
        bags.have()
        bags.another_runbook("more")
        said = bags.stage("go-bag", "verify", bags.file)
        assert said.code == ExitCode.FAILED
        assert "Stale: changed since it was made: runbooks/more.yaml" in said.out

    def test_status_and_doctor_say_that_one_is_old_or_stale(self, bags):
        bags.stage.write("seawall.yaml", f"go_bag: {{keep_at: [{bags.folder / 'stick'}], at_most: 7d}}\n")
        bags.have()
        assert "as the city is" in bags.stage("status").out
        bags.made_at(datetime.now(UTC) - timedelta(days=9))
        bags.stage.write(
            "inventory/sites.yaml", (bags.stage.city / "inventory/sites.yaml").read_text() + "# x\n"
        )
        for words in (("status",), ("doctor",)):
            told = " ".join(bags.stage(*words).out.split())
            assert "9 d 0 h old, at most 7 d 0 h" in told, words
            assert "changed since: inventory/sites.yaml" in told, words
        assert "seawall go-bag" in bags.stage("status").out
        looks = json.loads(bags.stage("doctor", "--json").out)["looks"]
        assert [one["well"] for one in looks if one["what"].startswith("go-bag ")] == [False]

    def test_doctor_reads_every_byte_of_it(self, bags):
        bags.stage.write("seawall.yaml", f"go_bag: {{keep_at: [{bags.folder / 'stick'}]}}\n")
        bags.have()
        content = bytearray(bags.file.read_bytes())
        content[-2000] ^= 1
        bags.file.write_bytes(bytes(content))
        assert "as the city is" in bags.stage("status").out  # its first page alone
        assert "NOT WELL  go-bag" in bags.stage("doctor").out

    def test_every_key_of_its_json_is_documented(self, bags):
        made = json.loads(bags.make("--json").out)
        docs = (Path(__file__).parents[3] / "docs" / "json.md").read_text(encoding="utf-8")
        nested = [key for name in ("signed", "software") for key in made[name] or ()]
        assert [key for key in (*made, *nested) if f"`{key}" not in docs] == []
        assert made["without"]
        assert made["signed"]["against"] == "itself"


class TestWorkingFromIt:
    def test_a_runbook_runs_far_from_its_city_and_the_run_is_kept_beside_the_bag(
        self, bags, monkeypatch, tmp_path
    ):
        bags.have()
        monkeypatch.delenv("SEAWALL_CITY")
        monkeypatch.chdir(tmp_path)
        said = bags.stage("run", "blink", "--yes", "green", "--from-go-bag", bags.file)
        assert said.code == ExitCode.DONE, said.err
        work = bags.folder / "stick" / "havnby-go-bag-work"
        assert len(list((work / "runs").glob("2*-blink-*"))) == 1
        assert not (bags.stage.city / "runs").exists()
        assert f"--from-go-bag {bags.file}" in said.out.splitlines()[-1]
        for words in (("runs",), ("show",), ("report", "last", "--md"), ("duty",)):
            assert bags.stage(*words, "--from-go-bag", bags.file).code in (ExitCode.DONE, ExitCode.FAILED), (
                words
            )

    def test_a_plan_of_the_bag_is_planned_by_its_name_alone(self, bags):
        bags.have()
        shown = json.loads(bags.stage("plan", PLAN, "--from-go-bag", bags.file, "--json").out)
        assert shown["plan"]["parameters"]["to"] == "south"
        said = bags.stage("plan", PLAN, "to=north", "--from-go-bag", bags.file)
        assert said.code == ExitCode.BAD_INPUT
        assert "its parameters already" in " ".join(said.err.split())

    def test_what_is_laid_out_is_held_against_the_bag_each_time(self, bags):
        bags.have()
        bags.stage("runs", "--from-go-bag", bags.file)
        city = bags.folder / "stick" / "havnby-go-bag-work" / "city"
        before = {path: path.read_bytes() for path in city.rglob("*") if path.is_file()}
        (city / "runbooks" / "blink.yaml").write_text("runbook: evil\n")
        (city / "runbooks" / "evil.yaml").write_text("runbook: evil\n")
        (city / "inventory" / "city.yaml").unlink()
        (city / "inventory" / "city.yaml").symlink_to("/etc/passwd")
        bags.stage("runs", "--from-go-bag", bags.file)
        assert {path: path.read_bytes() for path in city.rglob("*") if path.is_file()} == before
        assert not (city / "inventory" / "city.yaml").is_symlink()

    def test_its_own_runbooks_go_before_those_of_another_version_here(self, bags):
        bags.have()
        bag = read_bag(bags.file, by_itself)
        members = {name: one for name, one in bag.members.items() if name not in (MANIFEST, SIGNATURE)}
        other = members["product/notify.yaml"].replace(b"why:\n", b"why: # of then\n")
        members["product/notify.yaml"] = other
        manifest = bag.manifest.model_copy(update={"members": digests(dict(sorted(members.items())))})
        bags.file.write_bytes(write_bag(manifest, members, bags.key))
        assert bags.stage("plan", "notify", "service=login", "--from-go-bag", bags.file).code == ExitCode.DONE
        laid = bags.folder / "stick" / "havnby-go-bag-work" / "city" / "runbooks" / "notify.yaml"
        assert laid.read_bytes() == other

    def test_one_that_is_too_old_is_refused_unless_it_is_all_there_is(self, bags):
        bags.have()
        bags.made_at(datetime.now(UTC) - timedelta(days=9))
        said = bags.stage("run", "blink", "--yes", "green", "--from-go-bag", bags.file)
        assert said.code == ExitCode.BAD_INPUT
        assert "--although-old" in said.err
        assert not bags.stage.lit("green")
        said = bags.stage("run", "blink", "--yes", "green", "--from-go-bag", bags.file, "--although-old")
        assert said.code == ExitCode.DONE, said.err

    def test_a_city_and_a_bag_at_once_are_a_contradiction(self, bags):
        bags.have()
        said = bags.stage("runs", "--from-go-bag", bags.file, "--city", bags.stage.city)
        assert said.code == ExitCode.BAD_INPUT

    @pytest.mark.slow  # starts programs
    def test_its_allowed_signers_count_on_a_machine_that_has_none(self, bags, monkeypatch):
        trust = bags.folder / "trust"
        trust.mkdir(mode=0o700)
        (trust / "allowed_signers").write_text(f"anna,commander {bags.key.line}\n")
        (trust / "allowed_signers").chmod(0o600)
        monkeypatch.setenv("SEAWALL_TRUST", str(trust))
        assert bags.make().code == ExitCode.DONE
        monkeypatch.delenv("SEAWALL_TRUST")
        said = bags.away("runs", "--from-go-bag", bags.file)
        assert said.code == ExitCode.DONE, said.err
        laid = bags.folder / "stick" / "havnby-go-bag-work" / "trust" / "allowed_signers"
        assert laid.read_bytes() == (trust / "allowed_signers").read_bytes()
        assert stat.S_IMODE(laid.parent.stat().st_mode) == 0o700

    def test_what_one_command_line_said_is_forgotten_by_the_next(self, bags):
        bags.have()
        bags.stage("runs", "--from-go-bag", bags.file)
        assert str(bags.stage.city / "runs") in bags.stage("runs").out.replace("\n", "")

    @pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04", b"PK\x05\x06" + bytes(18)])
    def test_what_is_no_go_bag_is_a_refusal(self, bags, content):
        bags.file.parent.mkdir()
        bags.file.write_bytes(content)
        for words in (("runs",), ("plan", "light"), ("run", "blink"), ("show",)):
            said = bags.stage(*words, "--from-go-bag", bags.file)
            assert said.code == ExitCode.BAD_INPUT, words
            assert "no go-bag" in said.err or "is empty" in said.err or "cut off" in said.err

    def test_where_nothing_can_be_written_beside_it_another_folder_is_named(
        self, bags, monkeypatch, tmp_path
    ):
        bags.have()
        monkeypatch.setenv(WORK_VARIABLE, str(bags.file / "x"))
        said = bags.stage("runs", "--from-go-bag", bags.file)
        assert said.code == ExitCode.BAD_INPUT
        assert f"{WORK_VARIABLE}=DIR" in said.err
        monkeypatch.setenv(WORK_VARIABLE, str(tmp_path / "elsewhere"))
        assert bags.stage("run", "blink", "--yes", "green", "--from-go-bag", bags.file).code == ExitCode.DONE
        assert list((tmp_path / "elsewhere" / "runs").iterdir())


class TestSecrets:
    """By the real program and its real world: what is sealed is opened in memory, by the right key alone."""

    @pytest.fixture
    def sealed(self, bags: Bags, monkeypatch: pytest.MonkeyPatch) -> Bags:
        monkeypatch.setenv("SEAWALL_LOGIN_PASSWORD", CANARY)
        made = bags.make()
        assert made.code == ExitCode.DONE, made.err
        return bags

    def test_the_canary_stands_nowhere_in_the_clear(self, sealed):
        assert CANARY.encode() not in sealed.file.read_bytes()
        assert "env:SEAWALL_LOGIN_PASSWORD" in read_bag(sealed.file, by_itself).manifest.secrets

    def unread(self, bags: Bags, *more: str | Path) -> set[str]:
        words = ["pretend", PLAN, "--from-go-bag", bags.file, "--json", *more]
        said = bags.away(*words)
        assert said.code == ExitCode.DONE, said.err
        return {one["reference"] for one in json.loads(said.out)["secrets_unread"]}

    @pytest.mark.slow  # starts programs
    def test_the_right_key_opens_them_and_nothing_is_written(self, sealed):
        found = self.unread(sealed, "--unseal-with", sealed.private)
        assert "env:SEAWALL_LOGIN_PASSWORD" not in found
        assert "env:SEAWALL_DNS_KEY" in found  # was not there when it was made
        for path in (sealed.folder / "stick").rglob("*"):
            assert not path.is_file() or CANARY.encode() not in path.read_bytes()

    @pytest.mark.slow  # starts programs
    def test_the_usual_key_in_a_home_is_found(self, sealed):
        (sealed.folder / "home" / ".ssh").mkdir(parents=True)
        (sealed.folder / "home" / ".ssh" / "id_ed25519").write_bytes(sealed.private.read_bytes())
        assert "env:SEAWALL_LOGIN_PASSWORD" not in self.unread(sealed)

    @pytest.mark.slow  # starts programs
    def test_sealed_to_somebody_else_is_a_refusal_that_names_them(self, sealed):
        other = sealed.folder / "other"
        other.write_bytes(ed25519_key().pem())
        for more in (["--unseal-with", other], []):
            said = sealed.away("pretend", PLAN, "--from-go-bag", sealed.file, *more)
            assert said.code == ExitCode.BAD_INPUT
            assert "they are sealed to commander" in said.err

    @pytest.mark.slow  # starts programs
    def test_to_look_at_runs_takes_no_key(self, sealed):
        assert sealed.away("runs", "--from-go-bag", sealed.file).code == ExitCode.DONE
        assert sealed.away("go-bag", "show", sealed.file).code == ExitCode.DONE


class TestMerging:
    @pytest.fixture
    def elsewhere(self, bags: Bags) -> Bags:
        bags.have()
        assert bags.stage("run", "blink", "--yes", "green", "--from-go-bag", bags.file).code == ExitCode.DONE
        return bags

    def test_a_run_comes_home_once_and_says_so_wherever_it_is_told(self, elsewhere):
        first, again = (elsewhere.stage("merge", elsewhere.file) for _ in range(2))
        assert (first.code, again.code) == (ExitCode.DONE, ExitCode.DONE)
        assert "  merged\n" in first.out
        assert "  already here\n" in again.out
        assert "imported" in elsewhere.stage("runs").out
        assert "its times are the real ones" in " ".join(elsewhere.stage("show").out.split())
        assert "imported" in elsewhere.stage("report", "last", "--md").out
        told = json.loads(elsewhere.stage("show", "--json").out)["imported"]
        assert (told["by"], told["source"]) == (
            "anna",
            str(elsewhere.folder / "stick" / "havnby-go-bag-work"),
        )

    def test_a_copy_that_differs_is_refused_with_words_and_exit_code_3(self, elsewhere):
        elsewhere.stage("merge", elsewhere.file)
        journal = elsewhere.stage.run().journal_path
        journal.write_text("".join(journal.read_text().splitlines(keepends=True)[:-1]))
        said = elsewhere.stage("merge", elsewhere.file)
        assert said.code == ExitCode.FAILED
        assert "their journals part at line" in " ".join(said.out.split())

    def test_prefect_that_is_not_there_is_said_and_told_later(self, elsewhere, monkeypatch):
        monkeypatch.setenv("SEAWALL_PREFECT", "auto")
        monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
        told = json.loads(elsewhere.stage("merge", elsewhere.file, "--json").out)
        assert told["runs"][0]["came"] == "merged"
        assert told["prefect"]["left"] == [told["runs"][0]["run"]]
        assert "does not answer" in told["prefect"]["problem"]

    def test_where_there_is_nothing_to_bring_it_says_what_to_name(self, bags, tmp_path):
        said = bags.stage("merge", tmp_path / "none")
        assert said.code == ExitCode.BAD_INPUT
        assert "there is no such folder" in said.err


@pytest.mark.slow  # starts programs
def test_a_starter_without_programs_says_so(bags):
    bags.have()
    said = subprocess.run(
        [sys.executable, "-I", str(bags.file), "runs"], capture_output=True, text=True, check=False
    )
    assert said.returncode == ExitCode.BAD_INPUT
    assert "carries no programs" in said.stderr
    assert "Traceback" not in said.stderr
