"""Funding rates: recognised, checked against their schedule, kept by revision, and joined to their bars."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lake.tables import text
from quorum.domain import DAY, HOUR, DataError, NotFound, Timeframe, UsageError, VirtualClock, parse_instant
from quorum.engine import Terms
from quorum.engine.appraisal import data_quality
from quorum.lake import Bars, Funding, ImportOptions, Lake, Panel, with_funding
from quorum.lake.funding import FundingFindings
from quorum.lake.funding.quality import inspect_funding

START = parse_instant("2024-01-01")
H1 = Timeframe(HOUR)
RATES = [0.0001, 0.0002, -0.0003, 0.0004]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake", VirtualClock(START))


def rates_file(path: Path, rates: list[float] = RATES, every: int = 8) -> Path:
    rows = (f"{(START + k * every * HOUR) // 10**6},{rate!r}" for k, rate in enumerate(rates))
    return text(path, "fundingTime,fundingRate", *rows)


def bars_file(path: Path, hours: int = 48) -> Path:
    return text(path, "time,open,high,low,close", *(f"{(START + k * HOUR) // 10**9},1,1,1,1" for k in range(hours)))


def settlements(lake: Lake, symbol: str = "BTCUSDT") -> dict[int, float]:
    """Rates by the hour after START."""
    funding = lake.funding(symbol)
    return dict(zip(((funding.time - START) // HOUR).tolist(), funding.rate.tolist(), strict=True))


FORMS = {
    "BTCUSDT.binance_usdm.funding.csv": ("ts,funding_rate", "2024-01-01,0.0001", "2024-01-01 08:00,0.0002"),
    "history.csv": (
        "symbol,fundingTime,fundingRate,markPrice",
        "BTCUSDT,1704067200003,0.0001,42000",
        "BTCUSDT,1704096000000,0.0002,42100",
    ),
    "BTCUSDT-fundingRate-2024-01.csv": (
        "calc_time,funding_interval_hours,last_funding_rate",
        "1704067200000,8,0.0001",
        "1704096000007,8,0.0002",
    ),
    "export.csv": (
        "Time,Contracts,Funding Interval,Funding Rate,Mark Price",
        "2024-01-01 00:00:00,BTCUSDT,8h,0.0100%,42000",
        "2024-01-01 08:00:00,BTCUSDT,8h,0.0200%,42100",
    ),
    "swap.csv": (
        "instrument,timestamp,fundingRate,realizedRate",
        "BTCUSDT,2024-01-01T00:00:00Z,0.0001,0.0001",
        "BTCUSDT,2024-01-01T08:00:00Z,0.0002,0.0002",
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_the_usual_forms_are_recognised(lake: Lake, tmp_path: Path, name: str) -> None:
    report = lake.rates.import_path(text(tmp_path / name, *FORMS[name]))
    assert [(s.series.symbol, s.rows_added) for s in report.symbols] == [("BTCUSDT", 2)]
    assert settlements(lake) == {0: 0.0001, 8: 0.0002}
    assert report.symbols[0].findings.hours == 8


def test_a_rate_belongs_to_the_first_bar_that_closes_after_it() -> None:
    time = START + np.array([0, 1, 4, 5, 6]) * HOUR
    bars = Bars("X", "v", H1, time, np.ones(5))
    at = START + np.array([-HOUR, 0, HOUR - 1, HOUR, 2 * HOUR, 3 * HOUR, 5 * HOUR, 7 * HOUR])
    joined = with_funding(bars, Funding("X", "v", at, np.array([64.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 128.0]), 3))
    assert joined.funding is not None
    assert joined.funding.tolist() == [3.0, 4.0, 24.0, 32.0, 0.0]
    assert (joined.funding_revision, joined.data_hash != bars.data_hash) == (3, True)
    day = with_funding(Bars("X", "v", Timeframe(DAY), time[:1], np.ones(1)), Funding("X", "v", at[1:4], np.ones(3)))
    assert day.funding is not None
    assert day.funding.tolist() == [3.0]


def test_bars_of_the_perpetual_get_it_and_those_of_other_instruments_do_not(lake: Lake, tmp_path: Path) -> None:
    for venue in ("binance_usdm", "binance_usdm.perp", "binance_usdm.mark", "binance"):
        lake.import_path(bars_file(tmp_path / f"BTCUSDT.{venue}_1h.csv"))
    lake.import_path(bars_file(tmp_path / "ETHUSDT.binance_usdm_1h.csv"))
    lake.rates.import_path(rates_file(tmp_path / "BTCUSDT.binance_usdm.funding.csv"))
    for venue in ("binance_usdm", "binance_usdm.perp"):
        funding = lake.bars("BTCUSDT", H1, venue).funding
        assert funding is not None
        assert funding[[0, 8, 16, 24]].tolist() == RATES
        assert funding.sum() == pytest.approx(sum(RATES))
    assert lake.bars("BTCUSDT", H1, "binance_usdm.mark").funding is None
    assert lake.bars("BTCUSDT", H1, "binance").funding is None
    assert lake.bars("ETHUSDT", H1).funding is None


def test_a_changed_rate_is_a_revision_and_the_old_one_stays(lake: Lake, tmp_path: Path) -> None:
    lake.import_path(bars_file(tmp_path / "BTCUSDT.usdm_1h.csv"))
    lake.rates.import_path(rates_file(tmp_path / "BTCUSDT.usdm.csv"))
    before = lake.bars("BTCUSDT", H1)
    again = lake.rates.import_path(rates_file(tmp_path / "BTCUSDT.usdm.csv")).symbols[0]
    assert (again.rows_added, again.revised, again.series.revision) == (0, 0, 1)
    changed = lake.rates.import_path(rates_file(tmp_path / "BTCUSDT.usdm.csv", [*RATES[:3], 0.0009, 0.0005])).symbols[0]
    assert (changed.rows_added, changed.revised, changed.series.revision) == (1, 1, 2)
    assert settlements(lake) == {0: 0.0001, 8: 0.0002, 16: -0.0003, 24: 0.0009, 32: 0.0005}
    assert lake.bars("BTCUSDT", H1).funding_revision == 2
    assert lake.bars("BTCUSDT", H1, funding_revision=1).data_hash == before.data_hash
    assert lake.bars("BTCUSDT", H1, funding_revision=0).funding is None
    assert lake.funding("BTCUSDT.usdm", revision=1).rate.tolist() == RATES
    with pytest.raises(NotFound, match="revisions 1 to 2, no 3"):
        lake.funding("BTCUSDT", revision=3)


def test_impossible_and_contradicting_rows_are_set_aside(lake: Lake, tmp_path: Path) -> None:
    rows = ("2024-01-01,0.0001", "2024-01-01,0.0001", "2024-01-01,0.0009", "soon,0.0001", "2024-01-02,", "2024-01-03,5")
    file = text(tmp_path / "X.v.funding.csv", "ts,funding_rate", *rows)
    taken = lake.rates.import_path(file).symbols[0]
    assert (taken.rows_added, taken.duplicates, taken.quarantined) == (1, 1, 4)
    assert set(taken.reasons) == {
        "same time as an earlier row, other values",
        "time unreadable",
        "rate missing or no number",
        "rate not within -1..1",
    }
    (check,) = lake.rates.check("X")
    assert (sum(check.quarantined.values()), check.sound) == (4, True)


def findings(hours: list[int], rates: list[float] | None = None) -> FundingFindings:
    time = START + np.array(hours, dtype=np.int64) * HOUR
    return inspect_funding(Funding("X", "v", time, np.array(rates or [0.0001] * len(hours))))


def test_holes_are_counted_by_the_schedule_of_their_time() -> None:
    found = findings([0, 8, 16, 24, 48, 56, 64, 72, 80, 88, 92, 96, 100, 104, 108, 120, 124, 128, 132, 136])
    assert [(g.missing, (g.start - START) // HOUR, (g.end - START) // HOUR) for g in found.gaps] == [
        (2, 32, 48),
        (2, 112, 120),
    ]
    assert (found.hours, found.missing) == (4, 4)
    assert findings([0, 8, 16, 24, 32, 36, 40, 44, 48]).gaps == ()
    assert findings([5]).hours is None


def test_rates_of_a_hundredth_and_more_are_flagged() -> None:
    found = findings([0, 8, 16], [0.0001, -0.02, 0.0099])
    assert [(o.rate, o.time) for o in found.outliers] == [(-0.02, START + 8 * HOUR)]


def test_a_damaged_file_is_named(lake: Lake, tmp_path: Path) -> None:
    lake.rates.import_path(rates_file(tmp_path / "X.v.csv"))
    (segment,) = (tmp_path / "lake" / "funding").rglob("*.parquet")
    segment.write_bytes(b"nothing")
    (check,) = lake.rates.check()
    assert (check.sound, check.findings, check.tampered) == (False, None, (segment.name,))
    with pytest.raises(DataError, match="is damaged"):
        lake.funding("X")


def test_a_folder_gives_what_was_asked_for(lake: Lake, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    rates_file(folder / "BTCUSDT.usdm.funding.csv")
    bars_file(folder / "BTCUSDT.usdm_1h.csv")
    text(folder / "trades.csv", "ts,price,qty,side,trade_id", "1,2,3,buy,4")
    bars, funding = lake.import_all(folder)
    assert bars is not None
    assert funding is not None
    assert (bars.files, funding.files) == (("BTCUSDT.usdm_1h.csv",), ("BTCUSDT.usdm.funding.csv",))
    assert lake.bars("BTCUSDT", H1).funding is not None
    alone = lake.import_all(folder / "BTCUSDT.usdm.funding.csv")
    assert alone[0] is None
    assert lake.import_all(folder / "BTCUSDT.usdm_1h.csv")[1] is None
    (folder / "BTCUSDT.usdm_1h.csv").unlink()
    assert lake.import_all(folder)[0] is None
    with pytest.raises(DataError, match="holds no funding rates"):
        lake.rates.import_path(folder / "trades.csv")
    with pytest.raises(DataError, match="import it with `--kind funding`"):
        lake.import_path(folder / "BTCUSDT.usdm.funding.csv")


def test_a_rate_under_another_name_is_told(lake: Lake, tmp_path: Path) -> None:
    file = text(tmp_path / "X.v.csv", "when,paid", "2024-01-01,0.0001")
    lake.rates.import_path(file, ImportOptions(columns={"time": "when", "rate": "paid"}, venue="elsewhere"))
    assert lake.funding("X").venue == "elsewhere"


def test_what_is_not_there_is_refused_by_name(lake: Lake, tmp_path: Path) -> None:
    for venue in ("a", "b"):
        lake.rates.import_path(rates_file(tmp_path / f"X.{venue}.csv"))
    with pytest.raises(UsageError, match="several venues: a, b"):
        lake.funding("X")
    with pytest.raises(NotFound, match=r"no funding of Y in the lake, which has X\.a, X\.b"):
        lake.funding("Y")


def test_bars_beyond_the_known_rates_are_said_in_the_quality() -> None:
    paid = np.zeros(200)
    paid[80:121:8] = 0.0001
    bars = Bars("X", "v", H1, START + np.arange(200) * HOUR, 1 + np.arange(200) / 1e4, funding=paid)
    (remark,) = (r for r in data_quality(bars, Terms()).remarks if r.oddity.name == "UNFUNDED")
    assert (remark.bars, [(p.time - START) // HOUR for p in remark.places]) == (80 + 79, [0, 121])
    assert "Funding counts as 0" in remark.treatment


def test_a_panel_has_the_funding_of_those_that_have_any() -> None:
    time = START + np.arange(3) * HOUR
    perpetual = Bars("P", "v", H1, time, np.ones(3), funding=np.array([0.0, 0.1, 0.2]))
    panel = Panel.of([Bars("S", "v", H1, time, np.ones(3)), perpetual])
    assert panel.funding is not None
    assert panel.funding.tolist() == [[0.0, 0.0], [0.0, 0.1], [0.0, 0.2]]


@pytest.mark.real_data
def test_five_years_of_real_rates_are_whole_and_come_to_their_bars(shared: Path, lake: Lake) -> None:
    report = lake.rates.import_path(shared / "data" / "crypto" / "perp")
    rows = {s.series.name: (s.rows_added, s.quarantined, s.findings.missing, s.findings.hours) for s in report.symbols}
    assert rows == {
        "ADAUSDT.binance_usdm": (5425, 0, 0, 8.0),
        "BTCUSDT.binance_usdm": (5819, 0, 0, 8.0),
        "ETHUSDT.binance_usdm": (5585, 0, 0, 8.0),
        "LTCUSDT.binance_usdm": (5456, 0, 0, 8.0),
        "XRPUSDT.binance_usdm": (5465, 0, 0, 8.0),
    }
    lake.import_path(shared / "data" / "crypto" / "perp" / "BTCUSDT.binance_usdm.perp_1h.parquet")
    bars, funding = lake.bars("BTCUSDT", H1), lake.funding("BTCUSDT")
    assert bars.funding is not None
    assert bars.time[bars.funding != 0].tolist() == funding.time[funding.rate != 0].tolist()
    assert bars.funding.sum() == pytest.approx(funding.rate.sum())
