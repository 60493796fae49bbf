"""Which keys go to which host, and what accounts.yaml may say of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from quorum.adapters.alpaca.trading import LIVE, PAPER, open_line
from quorum.adapters.keys import Keys
from quorum.desk.settings import read_settings
from quorum.desk.settings.trading import AccountsFile
from quorum.domain import ConfigError, NeedsApproval, QuorumError, SystemClock

PLACES = ("env:KEY", "env:SECRET")
SECRET = "s3cr3t"


def opened(host: str, key: str = "PK123", places: tuple[str, str] = PLACES, folder: Path = Path()) -> str:
    keys = Keys({"KEY": key, "SECRET": SECRET}, folder, lambda service, name: None)
    return open_line("shares", host, places, keys, SystemClock()).base


def test_paper_keys_open_the_paper_host_and_one_of_this_machine() -> None:
    assert opened("paper") == PAPER
    assert opened("http://127.0.0.1:9000") == "http://127.0.0.1:9000"


@pytest.mark.parametrize(
    ("host", "key", "error", "found"),
    [
        ("paper", "AKREAL", ConfigError, "the key at env:KEY is one for real money, and its host is paper"),
        ("http://127.0.0.1:9000", "AKREAL", ConfigError, "is one for real money"),
        ("live", "PKPAPER", ConfigError, "the key at env:KEY is a paper key, and its host is live"),
        ("live", "AKREAL", NeedsApproval, "needs two recorded approvals, and there are none"),
        (LIVE, "AKREAL", NeedsApproval, "needs two recorded approvals"),
        ("paper", "", ConfigError, "there is no key at env:KEY; put it there.*config/accounts.yaml"),
        ("http://example.com", "PK1", ConfigError, "keys would travel unencrypted"),
    ],
)
def test_keys_and_hosts_that_do_not_go_together_are_refused(
    host: str, key: str, error: type[QuorumError], found: str
) -> None:
    with pytest.raises(error, match=found) as refusal:
        opened(host, key)
    assert SECRET not in str(refusal.value)
    assert not key or key not in str(refusal.value)


def test_a_line_with_real_money_asks_its_permit_before_each_request() -> None:
    asked: list[int] = []

    def refuse() -> None:
        asked.append(1)
        raise NeedsApproval("nobody agreed", "ask")

    keys = Keys({"KEY": "AKREAL", "SECRET": SECRET}, Path(), lambda service, name: None)
    line = open_line("shares", "live", PLACES, keys, SystemClock(), refuse)
    assert line.base == LIVE
    for leave in (lambda: line.get("/v2/clock"), lambda: line.send("DELETE", "/v2/orders"), lambda: line.facts("/v2")):
        with pytest.raises(NeedsApproval, match="nobody agreed"):
            leave()
    assert len(asked) == 3
    paper = Keys({"KEY": "PK1", "SECRET": SECRET}, Path(), lambda service, name: None)
    with pytest.raises(ConfigError, match="is a paper key, and its host is live"):
        open_line("shares", "live", PLACES, paper, SystemClock(), refuse)


def test_a_file_of_keys_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "keys.env"
    file.write_text(f"KEY=PK1\nSECRET={SECRET}\n", encoding="utf-8")
    places = ("file:keys.env:KEY", "file:keys.env:SECRET")
    file.chmod(0o640)
    with pytest.raises(ConfigError, match=r"others may use it \(mode 640\); run `chmod 600"):
        opened("paper", places=places, folder=tmp_path)
    file.chmod(0o600)
    assert opened("paper", places=places, folder=tmp_path) == PAPER


def account(folder: Path, **given: Any) -> Any:
    """The account that accounts.yaml says."""
    path = folder / "accounts.yaml"
    lines = {"book": "equities", "currency": "USD", "cash": "1000", **given}
    body = "".join(f"    {name}: {value}\n" for name, value in lines.items())
    path.write_text(f"accounts:\n  shares:\n{body}", encoding="utf-8")
    return read_settings(path, AccountsFile).accounts["shares"]


def test_an_account_says_its_venue_its_host_and_where_its_keys_are(tmp_path: Path) -> None:
    usual = account(tmp_path, venue="alpaca")
    assert (usual.host, usual.keys.key, usual.keys.secret) == ("paper", "env:ALPACA_API_KEY", "env:ALPACA_SECRET_KEY")
    in_file = account(tmp_path, venue="alpaca", keys="file:keys.env")
    assert (in_file.keys.key, in_file.keys.secret) == (
        "file:keys.env:ALPACA_API_KEY",
        "file:keys.env:ALPACA_SECRET_KEY",
    )
    apart = account(tmp_path, venue="alpaca", keys="{key: 'env:A', secret: 'keyring:quorum:b'}")
    assert (apart.keys.key, apart.keys.secret) == ("env:A", "keyring:quorum:b")
    assert account(tmp_path, venue="alpaca", host="live", live="true").live
    assert account(tmp_path, venue="alpaca", host="http://127.0.0.1:18973", live="true").live
    assert account(tmp_path, venue="alpaca", host="http://127.0.0.1:18973/").host == "http://127.0.0.1:18973"
    assert account(tmp_path).venue == "simulated"


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"venue": "alpaca", "host": "live"}, "real money needs both `host: live` and `live: true`"),
        ({"venue": "alpaca", "live": "true"}, "real money needs both `host: live` and `live: true`"),
        ({"venue": "alpaca", "host": "paper", "live": "true"}, "real money needs both `host: live` and `live: true`"),
        ({"venue": "alpaca", "host": "http://example.com:80"}, "a host is paper, live, or http://127.0.0.1:PORT"),
        ({"venue": "alpaca", "host": "https://paper-api.alpaca.markets"}, "a host is paper, live"),
        ({"venue": "alpaca", "currency": "EUR"}, "an account at alpaca is in USD"),
        ({"venue": "alpaca", "keys": SECRET}, "a key's place is env:NAME"),
        ({"venue": "alpaca", "keys": f"{{key: {SECRET}, secret: x}}"}, "a key's place is env:NAME"),
        ({"host": "paper"}, "host has no effect at the simulated venue"),
        ({"venue": "binance"}, "venue"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_place_and_no_key_is_shown(
    tmp_path: Path, given: dict[str, Any], found: str
) -> None:
    with pytest.raises(ConfigError, match=found) as refusal:
        account(tmp_path, **given)
    assert "accounts.yaml:" in str(refusal.value)
    assert SECRET not in str(refusal.value)
