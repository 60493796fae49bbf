"""Funding on the command line: imported by its kind, listed, checked, and seen beside the bars."""

from __future__ import annotations

from pathlib import Path

from surfaces.cli.commands import Quorum

BARS = "\n".join(["time,open,high,low,close", *(f"{1_704_067_200 + 3_600 * k},1,1,1,1" for k in range(48))])
RATES = "\n".join(
    [
        "symbol,fundingTime,fundingRate",
        *(f"PERP,{1_704_067_200_003 + 3_600_000 * hour},{rate}" for hour, rate in ((0, 1e-4), (8, 2e-4), (16, 1e-4))),
        "PERP,1704182400000,0.03",
    ]
)


def files(folder: Path) -> Path:
    folder.mkdir()
    (folder / "PERP.usdm_1h.csv").write_text(BARS + "\n", encoding="utf-8")
    (folder / "PERP.usdm.funding.csv").write_text(RATES + "\n", encoding="utf-8")
    return folder


def test_funding_is_imported_listed_checked_and_shown(quorum: Quorum, tmp_path: Path) -> None:
    home, folder = tmp_path / "home", files(tmp_path / "files")
    said = quorum(
        "data", "import", folder / "PERP.usdm.funding.csv", "--kind", "funding", "--home", home, "--json"
    ).json
    (taken,) = said["funding"]
    assert (taken["symbol"], taken["venue"], taken["rows_added"]) == ("PERP", "usdm", 4)
    assert (taken["findings"]["gaps"][0]["missing"], len(taken["findings"]["outliers"])) == (1, 1)
    assert said["symbols"] == []
    alone = quorum("data", "check", "PERP", "--home", home, "--json")
    assert (alone.code, alone.json["series"], alone.json["funding"][0]["sound"]) == (0, [], True)
    both = quorum("data", "import", folder, "--kind", "auto", "--home", home)
    assert both.code == 0
    assert "passed over" not in both.err
    assert both.out.count("PERP") == 2
    listed = quorum("data", "show", "--home", home, "--json").json
    assert [s["symbol"] for s in listed["series"]] == ["PERP"]
    assert [(s["symbol"], s["rows"], s["last"]) for s in listed["funding"]] == [("PERP", 4, "2024-01-02T08:00:00Z")]
    assert "funding" in quorum("data", "show", "--home", home).out
    assert "funding" in quorum("data", "check", "--home", home).out
    bars = quorum("data", "show", "PERP", "--last", "24", "--home", home, "--json").json["bars"]
    assert [bar["funding"] for bar in bars if bar["funding"]] == [0.03]
    assert "0.03" in quorum("data", "show", "PERP", "--last", "24", "--home", home).out


def test_a_damaged_file_of_rates_fails_the_check(quorum: Quorum, tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert quorum("data", "import", files(tmp_path / "files"), "--kind", "auto", "--home", home).code == 0
    (segment,) = (home / "lake" / "funding").rglob("*.parquet")
    segment.write_bytes(b"nothing")
    assert quorum("data", "check", "--home", home, "--json").code == 1
    assert "DAMAGED" in quorum("data", "check", "--home", home).out


def test_another_kind_is_refused(quorum: Quorum, tmp_path: Path) -> None:
    said = quorum("data", "import", files(tmp_path / "files"), "--kind", "ticks", "--home", tmp_path / "home")
    assert "kind 'ticks' is unknown; give one of bars, funding, auto" in said.error
    bars = quorum("data", "import", tmp_path / "files" / "PERP.usdm.funding.csv", "--home", tmp_path / "home")
    assert "import it with `--kind funding`" in bars.error
