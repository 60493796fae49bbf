"""A line opened with the keys at their places, once host and keys go together."""

from __future__ import annotations

from quorum.adapters.alpaca.trading.line import LIVE, PAPER, Line
from quorum.adapters.keys import Keys, Secret
from quorum.domain import Clock, ConfigError, NeedsApproval

_HOSTS = {"paper": PAPER, "live": LIVE}


def open_line(account: str, host: str, references: tuple[str, str], keys: Keys, clock: Clock) -> Line:
    """The line of `account` to `host`: paper, live, or an address of this machine.

    ConfigError where a key is missing, and for keys that are of the other host: those for real money begin with AK,
    paper keys with PK. NeedsApproval for the live host: approvals for real money cannot be recorded yet.
    """
    secrets = _secrets(account, references, keys)
    key = secrets[0]
    real = host == "live" or host.rstrip("/") == LIVE
    if not real and _begins(key, "AK"):
        raise ConfigError(
            f"account {account}: the key at {key.where} is one for real money, and its host is {host}",
            "put a paper key there; it begins with PK",
        )
    if real and _begins(key, "PK"):
        raise ConfigError(
            f"account {account}: the key at {key.where} is a paper key, and its host is live", "set `host: paper`"
        )
    if real:
        raise NeedsApproval(
            f"account {account} trades with real money: that needs two recorded approvals, and there are none",
            "set `host: paper`; approvals for real money cannot be recorded yet",
        )
    return Line(_HOSTS.get(host, host), secrets, clock)


def _secrets(account: str, references: tuple[str, str], keys: Keys) -> tuple[Secret, Secret]:
    found = [keys.find(reference) for reference in references]
    absent = [place for place, secret in zip(references, found, strict=True) if secret is None]
    if absent:
        raise ConfigError(
            f"account {account}: there is no key at {' nor at '.join(absent)}",
            "put it there, or name another place under `keys:` in config/accounts.yaml",
        )
    key, secret = (each for each in found if each is not None)
    return key, secret


def _begins(secret: Secret, prefix: str) -> bool:
    return secret.reveal().startswith(prefix)
