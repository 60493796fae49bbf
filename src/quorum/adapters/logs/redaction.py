"""What must not be read in a log is masked: secrets by their value, by the name of their key, by their looks."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "***"
_SHORT = 4
_DEEPEST = 12
_LONGEST = 50_000
_KEY = re.compile(
    r"secret|token|passw(or)?d|passphrase|authorization|credential|cookie|apprise|private|signature"
    r"|(?:^|[^a-z])(?:key|keys|pwd|auth)(?:[^a-z]|$)|api_?keys?",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"""(?P<name>[\w.-]{0,40}(?:secret|token|passw(?:or)?d|pwd|passphrase|authorization|cookie|signature|api[_-]?key|private[_-]?key)"""
    r"""[\w.-]{0,40}["']?\s{0,3}(?:=|:(?!//))\s{0,3})(?P<value>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;&)}\]]+)""",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(?P<scheme>bearer|basic|digest)\s+[\w.~+/=:-]{6,}", re.IGNORECASE)
_ADDRESS = re.compile(r"(?P<scheme>\b[a-zA-Z][a-zA-Z0-9+.-]{0,30})://(?P<rest>[^\s\"'<>]+)")
_ASKED = re.compile(r"(?P<name>[?&](?:key|sig|auth|pass|code)=)[^&\s\"'<>]+", re.IGNORECASE)
_PEM = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,30}-----|\Z)", re.DOTALL)
_JWT = re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")
_OPEN = {"http", "https", "ws", "wss", "file", "sqlite", "unix", "tcp"} | {
    name + driver for name in ("postgres", "postgresql") for driver in ("", "+psycopg")
}
_HOOKS = re.compile(
    r"(hooks\.slack\.com/services/|discord(?:app)?\.com/api/webhooks/|api\.telegram\.org/bot)[^\s\"'<>]+"
)
# What sqlalchemy adds to an error: the statement and every value that went with it.
_STATEMENT = re.compile(
    r"\s*\[SQL: .*?(?:\(Background on this error at: [^)\s]*\)|\Z)|\s*\(Background on this error at: [^)\s]*\)",
    re.DOTALL,
)


class Redaction:
    """Masks what is secret. `secrets` are the configured values; they are masked wherever and however they stand."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {part for secret in secrets for part in _parts(secret)}
        forms = {form for secret in known for form in _forms(secret) if form.strip()}
        short = sorted((re.escape(form) for form in forms if len(form) < _SHORT), key=len, reverse=True)
        self._long = sorted((form for form in forms if len(form) >= _SHORT), key=len, reverse=True)
        self._short = re.compile(rf"(?<!\w)(?:{'|'.join(short)})(?!\w)") if short else None

    def __call__(self, logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """A processor of structlog: the event with nothing secret in it, all of it plain values."""
        return {key: value if key.startswith("_") else self.at(key, value) for key, value in event.items()}

    def at(self, key: str, value: Any) -> Any:
        """The value that stands at `key`."""
        return MASK if _KEY.search(key) and value is not None and value != "" else self.value(value)

    def value(self, value: Any, depth: int = 0) -> Any:
        """A plain value without secrets; what is no plain value is shown as it is written."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, int | float):
            return value if self.text(str(value)) == str(value) and value - value == 0 else self.text(str(value))
        if isinstance(value, bytes | bytearray):
            return self.text(bytes(value).decode("utf-8", "backslashreplace"))
        if depth < _DEEPEST and isinstance(value, Mapping):
            return {
                self.text(str(k)): MASK if _KEY.search(str(k)) else self.value(v, depth + 1) for k, v in value.items()
            }
        if depth < _DEEPEST and isinstance(value, list | tuple | set | frozenset):
            return [self.value(item, depth + 1) for item in value]
        return self.text(_written(value))

    def text(self, text: str) -> str:
        """A text without secrets, and without what is beyond 50,000 characters."""
        for form in self._long:
            text = text.replace(form, MASK)
        if self._short is not None:
            text = self._short.sub(MASK, text)
        if len(text) > _LONGEST:
            text = f"{text[:_LONGEST]} ({len(text) - _LONGEST} more characters)"
        text = _STATEMENT.sub("", text)
        text = _BEARER.sub(rf"\g<scheme> {MASK}", text)
        text = _HOOKS.sub(rf"\1{MASK}", text)
        text = _ADDRESS.sub(_address, text)
        text = _ASKED.sub(rf"\g<name>{MASK}", text)
        text = _JWT.sub(MASK, _PEM.sub(MASK, text))
        return _NAMED.sub(rf"\g<name>{MASK}", text)


def _address(found: re.Match[str]) -> str:
    """An address without who asks; of a kind that is known to carry keys in its path, only the kind."""
    scheme, rest = found["scheme"], found["rest"]
    if scheme.lower() not in _OPEN:
        return f"{scheme}://{MASK}"
    if scheme.lower().startswith("postgres") and "@" in rest:  # a password with a slash belongs to no path
        return f"{scheme}://{MASK}@{rest.rpartition('@')[2]}"
    where, slash, path = rest.partition("/")
    _, at, host = where.rpartition("@")
    return f"{scheme}://{f'{MASK}@{host}' if at else where}{slash}{path}"


def _parts(secret: str) -> list[str]:
    """A secret, and each long line of one that has several."""
    lines = [line.strip() for line in secret.splitlines()]
    return [secret, secret.strip(), *(line for line in lines if len(lines) > 1 and len(line) >= 2 * _SHORT)]


def _forms(secret: str) -> set[str]:
    """A secret as it may be written: plain, in a URL, in JSON, in a literal of Python, in base64."""
    raw = secret.encode("utf-8", "backslashreplace")
    coded = {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    quoted = {
        repr(secret)[1:-1],
        ascii(secret)[1:-1],
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
    }
    address = {quote(raw, safe=""), quote(raw), quote_plus(raw)}
    return {secret, raw.decode("utf-8", "replace"), *quoted, *address, *(c.rstrip("=") for c in coded)}


def _written(value: Any) -> str:
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001 - a stranger's __repr__ may raise anything
        return f"<{type(value).__name__}: {type(error).__name__}>"
