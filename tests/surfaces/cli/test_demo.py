"""The demo: the whole desk in a folder of its own, ending with a page that is complete in itself."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from desk.offices import contents
from quorum.bootstrap import open_desk
from quorum.desk import books
from quorum.signals import WITHOUT_MODEL, is_portfolio, strategies
from quorum.surfaces.demo import DemoResult, Extent, run_demo
from quorum.surfaces.demo.ideas import LIFE_SYMBOLS, PLANTED
from quorum.surfaces.demo.run import MARKER
from surfaces.cli.commands import fresh
from surfaces.pages import Reader

DIP = PLANTED[1]  # the one that is mended
SMALL = Extent(bars=600, first=420, step=12, index_days=("2018-01-01", "2018-06-01"), lab_days=1_010, ideas=(DIP,))
STOCKS, RULES = 20, 6
PORTFOLIOS = sum(map(is_portfolio, strategies(WITHOUT_MODEL).values()))
LAB = RULES + PORTFOLIOS + 1 + 48  # the rules, portfolios, the leak, and a sweep that holds the defaults of one of them


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[DemoResult, list[str]]:
    """A small run of the demo in the place of an earlier one, and what it told on the way.

    The environment names a shared database, where a demo has no business.
    """
    (tmp_path / "demo" / "of an earlier demo").mkdir(parents=True)
    (tmp_path / "demo" / MARKER).touch()
    told: list[str] = []
    with monkeypatch.context() as environment:
        environment.setenv("QUORUM_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
        return run_demo(tmp_path / "demo", tmp_path / "report.html", 7, told.append, SMALL), told


def read(page: Path) -> Reader:
    """The page as a browser sees it; it loads nothing."""
    reader = Reader(page.read_text(encoding="utf-8"))
    assert [target for target in reader.loads if not target.startswith(("#", "data:"))] == []
    return reader


def test_a_small_demo_goes_through_every_room(demo: tuple[DemoResult, list[str]], tmp_path: Path) -> None:
    result, told = demo
    assert result.orders > 0
    assert result.fills > 0
    assert result.ledger_balanced is True
    assert not (tmp_path / "demo" / "of an earlier demo").exists()
    desk = open_desk(Path(result.home))
    assert len(desk.lake.series()) == 4 + 4 + 2 + STOCKS + len(LIFE_SYMBOLS)
    trials = desk.rows(["trial"])["trial"]
    assert len(trials) == result.trials
    proved = sum(trial["family"].startswith("spec-") for trial in trials)
    proved += sum(found["trials"] for found in desk.life.results.of("STR-002", "L0"))
    assert len(trials) - proved == (4 + 2) * RULES + STOCKS + LAB
    assert result.ideas == {"AWAITING_HUMAN": 1, "REJECTED": 1}
    assert result.traded >= 10
    assert result.leaks_caught == ("tomorrow",)
    assert result.verdict == "failed"
    assert len(desk.rows(["decision"])["decision"]) == result.decisions
    assert sum(books(desk, name).audit.fills for name in ("paper",)) == result.fills
    assert result.runs > 20
    assert result.answer == "approved"
    page = read(Path(result.report)).text
    some = desk.orders.of("paper")[-1].intent
    for fact in ("ALFAUSDT", "SP500", some.client_order_id, "quorum why", "trend_breakout", "column weight, row "):
        assert fact in page
    for fact in (
        "6.execution trading-coordinator completed",
        "ml_model: abstained: no model",
        "approved by the demo's",
        "2 ideas went from the queue up the tiers: 1 came to the question",
        "passed passed mended passed AWAITING_HUMAN",
        "ml-engineer reduce_leverage: params.size 1.0 →",
        "quorum deploy STR-001",
        "Learnt, as L-00",
        "Then STR-001 was deployed, and traded 12 times at a simulated Alpaca",
        "sent → unknown → filled At the venue accepted once, by its journal",
        "max_order_notional",
        "Left nothing",
        "The books balance and equal the venue's, to the last unit",
        "Reconciliation found no difference.",
    ):
        assert fact in page
    assert [line for line in told if line.endswith("…")] == [f"{name} …" for name in result.steps]
    assert sum(result.steps.values()) <= result.seconds + 0.1 * len(result.steps)


@pytest.mark.slow
def test_the_demo_in_full(tmp_path: Path) -> None:
    report, home = tmp_path / "report.html", tmp_path / "demo"
    said = fresh("demo", "--json", "--report", report, "--home", home)
    told = said.json
    assert said.code == 0
    assert told["seconds"] < 120
    assert told["orders"] > 100
    assert told["ideas"] == {"AWAITING_HUMAN": 2, "REJECTED_AUTO_RETRY": 1, "REJECTED": 1}
    assert told["fills"] >= told["orders"] * 0.9
    assert told["decisions"] > 1_000
    assert told["traded"] >= 10
    assert told["ledger_balanced"] is True
    assert told["report"] == str(report)
    assert read(report).text
    assert "100 %" not in said.err
    foreign = tmp_path / "foreign"
    shutil.copytree(home, foreign)
    (foreign / MARKER).unlink()
    before = contents(foreign)
    assert "was not made by the demo" in fresh("demo", "--home", foreign, "--report", report).error
    assert contents(foreign) == before
