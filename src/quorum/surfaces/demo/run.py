"""The demo's run: import, backtest, the lab, paper trading, the coordinator, ideas, a venue, audit, report."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from quorum.bootstrap import open_desk, sharing
from quorum.desk import CycleRecord, Desk, Question, books, convene, make_workspace, publish, settle
from quorum.domain import UsageError, VirtualClock, parse_instant
from quorum.engine import Backtest, Terms, backtest
from quorum.signals import is_portfolio, strategies
from quorum.surfaces.demo.coordinator import ACCOUNT, prepare, run_coordinator
from quorum.surfaces.demo.ideas import DEPLOYED, LIFE_SYMBOLS, PLANTED, Planted
from quorum.surfaces.demo.lab import caught, run_lab, verdict_of
from quorum.surfaces.demo.life import AFTER, run_life
from quorum.surfaces.demo.market import BARS, HOUR, LAB_DAYS, LAB_SYMBOLS, START, SYMBOLS, write_market
from quorum.surfaces.demo.story import Session, tell
from quorum.surfaces.demo.trading import Market, open_venue, run_trading
from quorum.surfaces.report import desk_report, write_page

Say = Callable[[str], None]

MARKER = "made-by-quorum-demo"
PARTICIPANTS = ("smc", "momentum")
PERPETUAL = ("carry",)


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is done: `bars` hours of coins, traded from bar `first` on every `step` hours; the indices' days; the
    lab's days, of which a walk forward needs 1,008; the ideas that are queued beside one by name; the orders that one
    of them fills once it is deployed.
    """

    bars: int = BARS
    first: int = 1_200
    step: int = 6
    index_days: tuple[str, str] = ("2017-01-01", "2018-12-28")
    lab_days: int = LAB_DAYS
    ideas: tuple[Planted, ...] = PLANTED
    trades: int = 12


WHOLE = Extent()


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo did; `ledger_balanced` is the audit's word and the venue's agreement, for every account.

    `runs` are those of the coordinator, `answer` is what became of the question that one of them put to a person.
    `leaks_caught` names the strategies in which look-ahead was found, `verdict` is that of the gates.
    `ideas` counts the strategies that were queued by where they stood after that, `traded` the orders that one of them
    filled at a venue once it was deployed.
    """

    seconds: float
    orders: int
    fills: int
    decisions: int
    trials: int
    runs: int
    answer: str
    leaks_caught: tuple[str, ...]
    verdict: str
    ideas: dict[str, int]
    traded: int
    ledger_balanced: bool
    report: str
    home: str
    steps: dict[str, float] = field(default_factory=dict)


class _Steps:
    """Times the steps and tells each one."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        self.say(f"{name} …")
        started = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - started, 2)
        self.say(f"  {self.seconds[name]:.1f} s")


@sharing(None)
def run_demo(home: Path, report: Path, seed: int, say: Say, extent: Extent = WHOLE) -> DemoResult:
    """Run the whole desk in a new workspace at `home` and write `report`; `say` is told of the progress.

    It keeps to its own files, whatever database the environment names. UsageError when `home` exists and is not a
    demo's.
    """
    started = time.monotonic()
    steps = _Steps(say)
    _fresh(home)
    with steps.step("a workspace, synthetic markets and 22 real series"):
        make_workspace(home, PARTICIPANTS)
        prepare(home)
        write_market(home / "data" / "files", seed, extent.bars, extent.lab_days)
        clock = VirtualClock(START)
        desk = open_desk(home, clock)
        desk.lake.import_path(home / "data" / "files")
    with steps.step("backtests, each counted as a trial"):
        tests = list(_backtests(desk))
    with steps.step("the lab: look-ahead, a ranking, a sweep, a walk forward, the gates"):
        lab = run_lab(desk, say)
    with steps.step("paper trading on two indices, by the week"):
        equities = _trade_index(desk.workspace.home, extent, say)
    with steps.step("paper trading on four synthetic coins, every few hours"):
        crypto = _trade_crypto(desk, clock, extent, say)
    with steps.step("the coordinator: durable runs, agents in processes of their own, a person's word"):
        team = run_coordinator(desk.workspace.home, crypto, say)
    with open_venue(home, DEPLOYED.symbol, AFTER) as venue:
        with steps.step("the strategy's life: ideas queued, proved in workers, mended or rejected, a meeting"):
            life = run_life(desk.workspace.home, extent.ideas, say)
        with steps.step("risk and execution: deployed at a venue in a process of its own, limits, a halt"):
            execution = run_trading(home, venue, Market(DEPLOYED, seed), VirtualClock(AFTER), extent.trades, say)
    with steps.step("the ledger's audit, and the views"):
        reports = [books(desk, name, clock) for name in ("paper", "paper-usd", ACCOUNT)]
        publish(desk)
    with steps.step("the report"):
        seconds = time.monotonic() - started
        story = tell(desk, tests, (crypto, equities), reports, (seconds, steps.seconds))
        write_page(report, desk_report(replace(story, lab=lab, coordinator=team, life=life, execution=execution)))
    orders = [order for report_ in reports for order in desk.orders.of(report_.account)]
    kept = desk.rows(("decision", "trial"))
    return DemoResult(
        seconds=round(time.monotonic() - started, 2),
        orders=len(orders),
        fills=reports[0].audit.fills,
        decisions=len(kept["decision"]),
        trials=len(kept["trial"]),
        runs=team.runs,
        answer="none" if team.answer is None else team.answer.status,
        leaks_caught=tuple(caught(lab)),
        verdict=verdict_of(lab),
        ideas=dict(Counter(line.status for line in life.ideas)),
        traded=0 if execution is None else execution.filled,
        ledger_balanced=all(r.balanced for r in reports) and (execution is None or execution.balanced),
        report=str(report.resolve()),
        home=str(home.resolve()),
        steps=steps.seconds,
    )


def _fresh(home: Path) -> None:
    if home.exists():
        if not (home / MARKER).exists():
            raise UsageError(f"{home} exists and was not made by the demo", "choose another folder with --home")
        shutil.rmtree(home)
    home.mkdir(parents=True)
    (home / MARKER).touch()


def _backtests(desk: Desk) -> Iterator[Backtest]:
    """Rules and the vote on the coins and the indices, the rule that needs closes only on every stock.

    Left out are the coins of the lab and of the ideas, rules for many symbols at once and those of perpetuals, of
    which the demo has none.
    """
    named = strategies(desk.settings.consensus.consensus.rules())
    known = {n: s for n, s in named.items() if not is_portfolio(s) and n not in PERPETUAL}
    for series in (s for s in desk.lake.series() if s.symbol not in (*LAB_SYMBOLS, *LIFE_SYMBOLS)):
        bars = desk.lake.bars(series.symbol, series.timeframe, series.venue)
        names = ("demo_ma",) if series.closes_only else tuple(known)
        for name in names:
            yield backtest(bars, known[name], {}, Terms(), desk.trials)


def _trade_crypto(desk: Desk, clock: VirtualClock, extent: Extent, say: Say) -> Session:
    """Convene on every coin each `extent.step` hours, then let the venue work on."""
    hour = HOUR.nanoseconds
    instants = range(START + extent.first * hour, START + extent.bars * hour, extent.step * hour)
    return _trade(desk, clock, Session("paper", SYMBOLS, HOUR), instants, say)


def _trade_index(home: Path, extent: Extent, say: Say) -> Session:
    """Convene on both indices each Saturday, on a clock of their years."""
    week = 7 * 24 * HOUR.nanoseconds
    first, last = (parse_instant(day) for day in extent.index_days)
    clock = VirtualClock(first)
    session = Session("paper-usd", ("SP500", "NASDAQ"), HOUR.parse("1d"))
    return _trade(open_desk(home, clock), clock, session, range(first + 6 * week // 7, last, week), say)


def _trade(desk: Desk, clock: VirtualClock, session: Session, instants: range, say: Say) -> Session:
    told = 0
    for done, instant in enumerate(instants):
        clock.advance_to(instant)
        for symbol in session.symbols:
            record: CycleRecord = convene(desk, Question(symbol, session.timeframe, paper=True))
            session.records.append(record)
        settle(desk, session.account, clock)
        with desk.accounts.transaction(session.account) as transaction:
            session.equity.append((instant, float(transaction.book().equity)))
        if done * 4 // len(instants) > told:
            told += 1
            say(f"  {told * 25} %: {len(session.records)} cycles, {sum(1 for r in session.records if r.order)} orders")
    return session
