"""At which venue an account trades: its host, and where its keys are kept."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, model_validator

KEY, SECRET = "ALPACA_API_KEY", "ALPACA_SECRET_KEY"  # names of keys, in the environment or in a file
PAPER, LIVE = "paper", "live"
_PLACE = re.compile(r"env:[A-Za-z_]\w*|(?:keyring|file):.+:.+")
_LOCAL = ("localhost", "127.0.0.1", "::1")


def _reference(value: Any) -> str:
    """A place of a key, nothing for what is none: a refusal here would show what may be the key itself."""
    return str(value) if _PLACE.fullmatch(str(value)) else ""


Reference = Annotated[str, BeforeValidator(_reference)]


class KeysSection(BaseModel):
    """Where both keys of an account are: env:NAME, keyring:SERVICE:NAME or file:PATH:NAME."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Reference = f"env:{KEY}"
    secret: Reference = f"env:{SECRET}"


def _places(value: Any) -> Any:
    """Keys named one by one, or by the place of both: env, keyring:SERVICE or file:PATH."""
    if isinstance(value, Mapping | KeysSection):
        return value
    place = str(value)
    return {"key": f"{place}:{KEY}", "secret": f"{place}:{SECRET}"}


def is_local(address: str) -> bool:
    """Whether an address is on this machine."""
    host = urlsplit(address).hostname or ""
    try:
        return host in _LOCAL or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _host(host: str) -> str:
    if host in (PAPER, LIVE):
        return host
    parts = urlsplit(host)  # a ValueError of its own for what is no address at all
    plain = parts.scheme == "http" and parts.port and not (parts.query or parts.username or parts.path.strip("/"))
    if not plain or not is_local(host):
        raise ValueError("a host is paper, live, or http://127.0.0.1:PORT for a simulated one")
    return host.rstrip("/")


class AtVenue(BaseModel):
    """The venue of an account, `simulated` unless one is named; `host`, `keys` and `live` are of a named one.

    `live` says that the account trades with real money: at the host live, or at one of this machine, where going live
    is practised. The host live is refused without it, and it at the host paper.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    venue: Literal["simulated", "alpaca"] = "simulated"
    host: Annotated[str, AfterValidator(_host)] = PAPER
    keys: Annotated[KeysSection, BeforeValidator(_places)] = KeysSection()
    live: bool = False

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not (self.keys.key and self.keys.secret):
            raise ValueError("a key's place is env:NAME, keyring:SERVICE:NAME or file:PATH:NAME; this one is not shown")
        idle = sorted(self.model_fields_set & {"host", "keys", "live"})
        if self.venue == "simulated" and idle:
            raise ValueError(f"{', '.join(idle)} has no effect at the simulated venue: write `venue: alpaca`")
        if (self.host == LIVE and not self.live) or (self.host == PAPER and self.live):
            raise ValueError("real money needs both `host: live` and `live: true`, a paper account neither")
        if self.venue == "alpaca" and getattr(self, "currency", "USD") != "USD":
            raise ValueError("an account at alpaca is in USD")
        return self

    @property
    def place(self) -> str:
        """Where its orders go and by which keys, in words: what a person agrees to before real money is traded."""
        return f"{self.venue} at {self.host}, with {self.keys.key} and {self.keys.secret}"
