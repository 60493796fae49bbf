"""Structured logs: every logger of the process goes through one pipe, and what is secret stays in it."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

import structlog
from structlog.stdlib import ExtraAdder, ProcessorFormatter

from quorum.adapters.logs.file import Console, LineFile
from quorum.adapters.logs.redaction import Redaction
from quorum.domain import MINUTE, Clock, SystemClock, UsageError, iso

LEVELS = ("debug", "info", "warning", "error", "critical")
FILE = "quorum.jsonl"
LOOKED_AT = 100
TALKATIVE = ("alembic", "httpx", "httpcore", "urllib3", "numba", "asyncio")
_DBOS_ID = "operationUUID"
_DBOS_FACTS = (_DBOS_ID, "applicationID", "applicationVersion", "executorID", "taskName")

Event = MutableMapping[str, Any]
Processor = Callable[[Any, str, Event], Any]


def set_up_logs(
    home: Path | None,
    level: str = "info",
    secrets: Iterable[str] = (),
    clock: Clock | None = None,
    always: Mapping[str, Any] | None = None,
) -> None:
    """Send the log lines of this process to `home`/logs/quorum.jsonl as JSON; without a home to standard error.

    There they are for people. The loggers of libraries go the same way, of DBOS its warnings alone unless the level is
    debug. `always` stands in every line that says nothing else of it. No value of `secrets` is ever written, nor
    what looks like a secret. May be called again: the last call holds. UsageError for a level that there is not.
    """
    if level.lower() not in LEVELS:
        raise UsageError(f"there is no log level {level!r}", f"choose one of {', '.join(LEVELS)}")
    redaction = Redaction(secrets)
    first = _pipe(clock or SystemClock(), redaction, always or {})
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *first, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler: logging.Handler = Console() if home is None else LineFile(home / "logs" / FILE)
    last: Processor = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()) if home is None else _json
    chain: list[Any] = [ProcessorFormatter.remove_processors_meta, redaction, last]
    handler.setFormatter(ProcessorFormatter(processors=chain, foreign_pre_chain=[ExtraAdder(), _of_dbos, *first]))
    _install(handler, level.upper(), clock or SystemClock())


def _pipe(clock: Clock, redaction: Redaction, always: Mapping[str, Any]) -> list[Any]:
    def timestamp(logger: Any, name: str, event: Event) -> Event:
        return {"timestamp": iso(clock.now()), **always, **event}

    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        timestamp,
        redaction,
    ]


class _Repeats(logging.Filter):
    """Leaves out what the engine says again within a minute: while its database is away it says so at every look."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._said: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now, text = self._clock.now(), f"{record.levelno} {record.getMessage()[:LOOKED_AT]}"
        self._said = {said: at for said, at in self._said.items() if 0 <= now - at < MINUTE}
        return self._said.setdefault(text, now) == now


def _install(handler: logging.Handler, level: str, clock: Clock) -> None:
    root = logging.getLogger()
    for other in [h for h in root.handlers if isinstance(h, Console | LineFile)]:
        root.removeHandler(other)
        other.close()
    root.addHandler(handler)
    root.setLevel(level)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.NOTSET if level == "DEBUG" else logging.WARNING)
    dbos = logging.getLogger("dbos")
    dbos.handlers[:] = [logging.NullHandler()]  # with a handler there, dbos adds none of its own
    dbos.propagate = True
    for former in [f for f in dbos.filters if isinstance(f, _Repeats)]:
        dbos.removeFilter(former)
    if level != "DEBUG":
        dbos.addFilter(_Repeats(clock))
    dbos.setLevel(logging.DEBUG if level == "DEBUG" else max(logging.WARNING, logging.getLevelNamesMapping()[level]))


def _of_dbos(logger: Any, name: str, event: Event) -> Event:
    """What dbos adds to its records, without what every one of them says, and what it says in one line."""
    if event["_record"].name.partition(".")[0] == "dbos":
        event["event"] = " ".join(str(event["event"]).split())
    found = {key: value for key, value in event.items() if key not in _DBOS_FACTS}
    return {"workflow_id": event[_DBOS_ID], **found} if event.get(_DBOS_ID) else found


def _json(logger: Any, name: str, event: Event) -> str:
    return json.dumps(event, ensure_ascii=False, default=str)
