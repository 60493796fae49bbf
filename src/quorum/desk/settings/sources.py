"""sources.yaml: where past bars are pulled from, and at which pace."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from quorum.desk.settings.sections import Number


def _address(base: str) -> str:
    parts = urlsplit(base)  # a ValueError of its own for what is no address at all
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0 or parts.query or " " in base:
        raise ValueError("an address is written as https://api.binance.com")
    return base


def _reference(value: Any) -> str:
    return str(value)  # never refused here: a refusal would show what may be a key


Address = Annotated[str, AfterValidator(_address)]
Reference = Annotated[str, BeforeValidator(_reference)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PaceSection(_Section):
    """How a source is asked: how much a minute, and how long an answer may take."""

    per_minute: Number = Field(60, gt=0)
    timeout_seconds: Number = Field(20, gt=0)


class HostSection(PaceSection):
    """A source with an address: requests are tried `tries` times, after `retry_seconds` and then twice as long.

    A source that wants to be left alone for more than `patience_seconds` ends the pull.
    """

    base: Address
    tries: int = Field(5, ge=1, le=20)
    retry_seconds: Number = Field(0.5, ge=0)
    patience_seconds: Number = Field(120, ge=0)


class BinanceSection(HostSection):
    base: Address = "https://api.binance.com"
    per_minute: Number = Field(3000, gt=0)  # of 6,000 that an address may use


class KrakenSection(HostSection):
    base: Address = "https://api.kraken.com"


class AlpacaSection(HostSection):
    base: Address = "https://data.alpaca.markets"
    per_minute: Number = Field(180, gt=0)  # of 200 that an account may use
    feed: Literal["iex", "sip"] = "iex"
    adjustment: Literal["raw", "split", "dividend", "all"] = "raw"
    key: Reference = "env:ALPACA_API_KEY"
    secret: Reference = "env:ALPACA_SECRET_KEY"


class YfinanceSection(PaceSection):
    per_minute: Number = Field(30, gt=0)


class SourcesFile(_Section):
    binance: BinanceSection = BinanceSection()
    kraken: KrakenSection = KrakenSection()
    alpaca: AlpacaSection = AlpacaSection()
    yfinance: YfinanceSection = YfinanceSection()
