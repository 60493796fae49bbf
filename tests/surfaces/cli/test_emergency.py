"""Halt, cancel-all, close-all and resume as commands: with a broken config or store, and from another process."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from quorum.adapters.halts import HaltFile
from quorum.bootstrap import cancel_everywhere, close_everywhere, halt_trading, open_desk
from quorum.bootstrap.emergency import place
from quorum.desk.trading.halting import follow_halts
from quorum.desk.workspace import find_workspace
from quorum.domain import DecisionKind, Halt, Scope, Severity, UsageError, WorkspaceError
from surfaces.cli.commands import Quorum

WORD = ("Ann", "the feed is wrong")
ALPACA = """\
accounts:
  paper: {book: crypto, currency: USDT, cash: 100000}
  alp: {book: equities, currency: USD, cash: 1000, venue: alpaca, host: 'http://127.0.0.1:9', keys: 'file:k.env'}
"""
ALL_THREE = """\
import sys
from decimal import Decimal
from pathlib import Path
from quorum.bootstrap import cancel_everywhere, close_everywhere, halt_trading
from quorum.domain import Scope
import quorum.surfaces.cli.app
home, word = Path(sys.argv[1]), ("Ann", "a test")
halt_trading(home, (Scope.DESK, ""), word, 0.5, follow=False)
cancel_everywhere(home, None, 0.5)
told = close_everywhere(home, None, word, Decimal("0.1"), 0.5, follow=False)
assert {one["account"] for one in told["failed"]} == {"alp"}, told
print(sorted({"dbos", "numba", "quorum.desk"} & set(sys.modules)))
"""


@pytest.fixture
def halts(home: Path) -> HaltFile:
    open_desk(home)
    return HaltFile(home / "state" / "halts.json")


def test_the_emergency_process_loads_neither_dbos_nor_numba_nor_the_desk(home: Path) -> None:
    (home / "config" / "accounts.yaml").write_text(ALPACA, encoding="utf-8")
    keys = home / "k.env"
    keys.write_text("ALPACA_API_KEY=PKTEST\nALPACA_SECRET_KEY=s\n", encoding="utf-8")
    keys.chmod(0o600)
    open_desk(home).account_for("USDT", "paper")
    done = subprocess.run([sys.executable, "-c", ALL_THREE, str(home)], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_a_halt_stands_in_both_books_and_the_desk_follows_it(home: Path, halts: HaltFile) -> None:
    told = halt_trading(home, (Scope.DESK, ""), WORD, follow=False)
    assert (told["halted"], told["severity"], told["failed"], told["notes"]) == ("desk", "BLACK", [], [])
    desk = open_desk(home)
    assert [halt.reason for halt in halts.standing()] == ["the feed is wrong"]
    assert desk.halts.standing() == halts.standing()
    assert follow_halts(desk)
    assert desk.states.current().state == "halted"
    assert follow_halts(desk) == []
    (notice,) = [told.notice for told in desk.outbox.listed(9) if told.notice.occurrence.event == "halted"]
    assert notice.severity is Severity.BLACK
    assert desk.decisions.recent(9, DecisionKind.HALT)


@pytest.mark.parametrize("named", [(Scope.STRATEGY, "STR-999"), (Scope.SYMBOL, "BTCUSTD")])
def test_a_name_that_nobody_has_traded_is_halted_and_doubted(
    home: Path, halts: HaltFile, named: tuple[Scope, str]
) -> None:
    told = halt_trading(home, named, WORD, follow=False)
    assert (told["failed"], told["notes"]) == ([], [f"{told['halted']} has not traded here: is the name right?"])
    assert [(halt.scope, halt.of) for halt in halts.standing()] == [named]


def test_a_config_that_is_broken_by_hand_keeps_nobody_from_halting(home: Path, halts: HaltFile) -> None:
    for file in (home / "config").glob("*.yaml"):
        file.write_text("accounts: [", encoding="utf-8")
    halt_trading(home, (Scope.SYMBOL, "BTCUSDT"), WORD, follow=False)
    assert [(halt.scope, halt.of, halt.severity) for halt in halts.standing()] == [
        (Scope.SYMBOL, "BTCUSDT", Severity.RED)
    ]


def test_a_store_that_is_broken_is_told_of_and_gets_the_halt_when_it_is_back(home: Path, halts: HaltFile) -> None:
    store = home / "desk.db"
    kept = store.read_bytes()
    for file in home.glob("desk.db*"):
        file.write_bytes(b"this is no database, and it is longer than a header of one would have to be, by far" * 9)
    told = halt_trading(home, (Scope.DESK, ""), WORD, follow=False)
    assert told["notes"][0].startswith("without the store: ")
    assert len(halts.standing()) == 1
    for file in home.glob("desk.db*"):
        file.unlink()
    store.write_bytes(kept)
    desk = open_desk(home)
    follow_halts(desk)
    assert len(desk.decisions.recent(9, DecisionKind.HALT)) == 1


def test_of_a_workspace_one_folder_is_enough_to_halt_and_another_folder_is_refused(tmp_path: Path) -> None:
    for act in (
        lambda: halt_trading(tmp_path, (Scope.DESK, ""), WORD, follow=False),
        lambda: cancel_everywhere(tmp_path, None),
        lambda: close_everywhere(tmp_path, None, WORD, Decimal("0.1"), follow=False),
    ):
        with pytest.raises(WorkspaceError, match="is no workspace") as refusal:
            act()
        assert "`quorum init`" in refusal.value.remedy
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "state").mkdir()
    told = halt_trading(tmp_path, (Scope.DESK, ""), WORD, follow=False)
    assert "no order was looked at" in told["notes"][0]
    assert len(HaltFile(tmp_path / "state" / "halts.json").standing()) == 1
    told = close_everywhere(tmp_path, None, ("Ann", "out"), Decimal("0.1"), follow=False)
    assert told["failed"][0]["why"].startswith("nothing is closed: there is no ")
    assert len(HaltFile(tmp_path / "state" / "halts.json").standing()) == 2


def test_what_makes_no_sense_is_refused_before_anything_is_halted(home: Path, halts: HaltFile) -> None:
    with pytest.raises(UsageError, match="no account 'nobody'"):
        halt_trading(home, (Scope.ACCOUNT, "nobody"), WORD, follow=False)
    with pytest.raises(UsageError, match="somebody and a reason"):
        halt_trading(home, (Scope.DESK, ""), ("Ann", " "), follow=False)
    assert halts.standing() == ()


def test_both_find_the_same_workspace(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / ".quorum" / "deep").mkdir(parents=True)
    (home / ".quorum" / "state").mkdir()
    monkeypatch.delenv("QUORUM_HOME", raising=False)
    monkeypatch.chdir(home / ".quorum" / "deep")
    assert place.find_home(None) == find_workspace(Path.cwd())


def test_resume_lifts_what_is_meant_once_books_and_venues_agree(quorum: Quorum, home: Path, halts: HaltFile) -> None:
    for scope, of in ((Scope.DESK, ""), (Scope.SYMBOL, "ETHUSDT")):
        halt_trading(home, (scope, of), WORD, follow=False)
    follow_halts(open_desk(home))
    assert [line["of"] for line in quorum("status", "--json").json["halts"]] == ["", "ETHUSDT"]
    checks = {one["name"]: one for one in quorum("doctor", "--json").json["checks"]}
    assert "symbol ETHUSDT (RED) by Ann" in checks["halts"]["found"]
    told = quorum("resume", "--reason", "the feed is right", "--by", "Ann", "--json").json
    assert ([one["scope"] for one in told["resumed"]], told["state"]) == (["desk"], "operational")
    assert [halt.of for halt in halts.standing()] == ["ETHUSDT"]
    assert quorum("resume", "--all", "--reason", "all is well", "--json").json["standing"] == []


def test_resume_is_refused_with_4_while_books_and_venue_differ(quorum: Quorum, home: Path, halts: HaltFile) -> None:
    desk = open_desk(home)
    desk.account_for("USDT", "paper")
    broker = desk.broker("paper", desk.clock)
    broker.account()
    broker.pay(type(desk.accounts.paid_in("paper"))(-5, "USDT"))  # type: ignore[attr-defined]
    halts.raise_(Halt(Scope.DESK, "", Severity.BLACK, "a test", "Ann", 1))
    refused = quorum("resume", "--reason", "all is well")
    assert refused.code == 4
    assert "cash USDT" in refused.err
    assert len([halt for halt in halts.standing() if halt.scope is Scope.DESK]) == 1


def test_nobody_in_a_hurry_is_asked_for_a_reason_first(home: Path, halts: HaltFile) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "quorum", "halt", "--home", str(home)], capture_output=True, check=False
    )
    assert (done.returncode, b"BLACK" in done.stdout) == (0, True)
    (halt,) = halts.standing()
    assert (halt.scope, halt.severity, halt.reason) == (Scope.DESK, Severity.BLACK, "halt")


def test_nothing_is_cancelled_or_closed_without_yes(quorum: Quorum, halts: HaltFile) -> None:
    for command in ("cancel-all", "close-all"):
        refused = quorum(command)
        assert (refused.code, "say so with --yes" in refused.err) == (3, True)
    assert halts.standing() == ()
    assert quorum("halt", "--reason", "x", "--strategy", "STR-001", "--symbol", "BTCUSDT").code == 2
    assert quorum("cancel-all", "--yes", "--json").json["failed"] == []


def test_a_book_of_halts_that_cannot_be_read_is_a_person_s_to_mend(quorum: Quorum, home: Path, halts: HaltFile) -> None:
    file = home / "state" / "halts.json"
    file.write_text('[{"scope": "desk"', encoding="utf-8")
    refused = quorum("resume", "--all", "--reason", "all is well")
    assert (refused.code, "halts.json cannot be read" in refused.err, "move it away" in refused.err) == (4, True, True)
    assert file.read_text(encoding="utf-8") == '[{"scope": "desk"'
    halts.raise_(Halt(Scope.ACCOUNT, "paper", Severity.BLACK, "a test", "Ann", 1))
    (aside,) = file.parent.glob("halts.unreadable-*")
    assert aside.read_text(encoding="utf-8") == '[{"scope": "desk"'
    assert quorum("resume", "--reason", "all is well", "--json").json["standing"] == []


def test_a_halt_that_is_in_the_file_alone_gets_into_the_store_before_it_ends(quorum: Quorum, halts: HaltFile) -> None:
    halts.raise_(Halt(Scope.DESK, "", Severity.BLACK, "by hand", "Ann", 1))
    assert quorum("resume", "--reason", "all is well").code == 0
    kept = quorum("decisions", "--kind", "halt", "--json").json
    assert len(kept["decisions"]) == 2
