"""Whatever is logged, by us or by a library: no secret is written, no line is torn, nobody is stopped."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from structlog.contextvars import bound_contextvars

from adapters.processes import run
from quorum.adapters.logs import MASK, LineFile, Redaction, set_up_logs
from quorum.domain import MINUTE, SECOND, UsageError, VirtualClock, parse_instant

NOW = parse_instant("2024-06-03T12:00:00Z")
CLOCK = VirtualClock(NOW)
LOGGER = "quorum.test"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Logging as it was, whatever a test made of it."""
    root, dbos = logging.getLogger(), logging.getLogger("dbos")
    kept = root.handlers[:], root.level, dbos.handlers[:], dbos.propagate
    dbos.filters[:] = []  # an engine that was closed in another test silences it
    levels = {
        name: logging.getLogger(name).level
        for name in ("alembic", "httpx", "httpcore", "urllib3", "numba", "asyncio", "dbos")
    }
    yield
    for handler in set(root.handlers) - set(kept[0]):
        handler.close()
    root.handlers[:], root.level, dbos.handlers[:], dbos.propagate = kept
    dbos.filters[:] = []
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    structlog.reset_defaults()


def lines(home: Path) -> list[dict[str, Any]]:
    text = (home / "logs" / "quorum.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_our_line_has_time_level_logger_and_the_ids_that_are_bound(tmp_path: Path) -> None:
    set_up_logs(tmp_path, "info", (), CLOCK)
    with bound_contextvars(workflow_id="WF-20240603-001", task_id="TASK-1"):
        structlog.get_logger(LOGGER).info("step done", seconds=0.5, symbols=["BTCUSDT"], why=None)
        logging.getLogger("sqlalchemy.pool").warning("%s connections", 7)
    structlog.get_logger(LOGGER).debug("not asked for")
    first, second = lines(tmp_path)
    assert first == {
        "timestamp": "2024-06-03T12:00:00Z",
        "event": "step done",
        "level": "info",
        "logger": LOGGER,
        "seconds": 0.5,
        "symbols": ["BTCUSDT"],
        "why": None,
        "workflow_id": "WF-20240603-001",
        "task_id": "TASK-1",
    }
    assert (second["event"], second["logger"], second["level"]) == ("7 connections", "sqlalchemy.pool", "warning")
    assert second["workflow_id"] == "WF-20240603-001"


def test_what_always_stands_in_a_line_gives_way_to_what_the_line_says(tmp_path: Path) -> None:
    set_up_logs(tmp_path, always={"role": "worker", "pid": 7})
    structlog.get_logger(LOGGER).info("begun")
    logging.getLogger("sqlalchemy.pool").warning("full")
    structlog.get_logger(LOGGER).info("ended", role="scheduler")
    assert [(line["role"], line["pid"]) for line in lines(tmp_path)] == [("worker", 7), ("worker", 7), ("scheduler", 7)]


@pytest.mark.parametrize(("level", "told"), [("debug", 3), ("info", 2), ("warning", 2), ("error", 1)])
def test_of_dbos_only_warnings_are_told_unless_all_is(tmp_path: Path, level: str, told: int) -> None:
    set_up_logs(tmp_path, level)
    for act in (logging.getLogger("dbos").info, logging.getLogger("dbos").warning, logging.getLogger("dbos").error):
        act("said")
    assert len(lines(tmp_path)) == told


def test_dbos_goes_the_same_way_and_names_its_run(tmp_path: Path) -> None:
    set_up_logs(tmp_path)
    from dbos._logger import init_logger

    init_logger()
    extra = {"operationUUID": "WF-20240603-002", "applicationID": "", "executorID": "slot-0"}
    logging.getLogger("dbos").warning("recovering", extra=extra)
    (line,) = lines(tmp_path)
    assert (line["event"], line["workflow_id"], "executorID" in line) == ("recovering", "WF-20240603-002", False)


def test_what_dbos_says_at_every_look_is_written_once_a_minute_in_one_line(tmp_path: Path) -> None:
    clock = VirtualClock(NOW)
    set_up_logs(tmp_path, "info", clock=clock)
    said = logging.getLogger("dbos")
    for _ in range(50):
        for what in ("queue thread", "reloading queue"):
            said.warning("Exception in %s: refused\n\tIs it running?\n(Background on this error at: https://x)", what)
        clock.advance_to(clock.now() + SECOND)
    told = [line["event"] for line in lines(tmp_path)]
    assert told == [f"Exception in {what}: refused Is it running?" for what in ("queue thread", "reloading queue")]
    clock.advance_to(NOW + MINUTE)
    said.warning("Exception in %s: refused\n\tIs it running?\n(Background on this error at: https://x)", "queue thread")
    assert len(lines(tmp_path)) == 3


def test_without_a_workspace_people_read_it(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(None, "info", ["hunter22"], CLOCK)
    structlog.get_logger(LOGGER).info("asked", by="hunter22")
    told = capsys.readouterr().err
    assert "asked" in told
    assert MASK in told
    assert "hunter22" not in told


def test_a_level_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no log level 'loud'"):
        set_up_logs(tmp_path, "loud")


def test_the_last_call_holds(tmp_path: Path) -> None:
    set_up_logs(tmp_path / "a")
    set_up_logs(tmp_path / "b", "warning")
    logging.getLogger(LOGGER).info("quiet")
    logging.getLogger(LOGGER).warning("loud")
    assert not (tmp_path / "a" / "logs").exists()
    assert [line["event"] for line in lines(tmp_path / "b")] == ["loud"]


class Told:
    """An object whose text holds what it was given."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def __repr__(self) -> str:
        return f"Told({self.secret!r})"


class Rude:
    def __repr__(self) -> str:
        raise OSError("no")


def _raised(secret: str) -> None:
    log = structlog.get_logger(LOGGER)
    try:
        try:
            {}[secret]
        except KeyError as error:
            raise ExceptionGroup(f"asked with {secret}", [ValueError(secret), RuntimeError(secret.encode())]) from error
    except ExceptionGroup as error:
        log.exception("failed", because=error, told=str(error))
        logging.getLogger(LOGGER).exception("failed too: %r", error)


POSITIONS: Mapping[str, Callable[[str], object]] = {
    "message": lambda s: structlog.get_logger(LOGGER).info(f"sent {s} to them"),
    "argument": lambda s: structlog.get_logger(LOGGER).info("sent %s to %r", s, s),
    "value": lambda s: structlog.get_logger(LOGGER).info("sent", to=s, more=f"<{s}>"),
    "nested": lambda s: structlog.get_logger(LOGGER).info("sent", a={"b": [{"c": (s, {s})}]}, d=[[[[s]]]]),
    "key": lambda s: structlog.get_logger(LOGGER).info("sent", a={s: 1}),
    "bytes": lambda s: structlog.get_logger(LOGGER).info("sent", a=s.encode(), b=bytearray(s.encode())),
    "object": lambda s: structlog.get_logger(LOGGER).info("sent", a=Told(s), b=[Told(s)], c=Rude()),
    "event": lambda s: structlog.get_logger(LOGGER).info(Told(s)),
    "bound": lambda s: structlog.get_logger(LOGGER).bind(a=s).warning("sent"),
    "url": lambda s: structlog.get_logger(LOGGER).info("asked", url=f"https://me:{s}@host/{s}?token={s}"),
    "json": lambda s: structlog.get_logger(LOGGER).info(json.dumps({"a": s})),
    "literal": lambda s: structlog.get_logger(LOGGER).info(repr([s])),
    "library": lambda s: logging.getLogger("sqlalchemy").error("sent %s", s),
    "library's argument": lambda s: logging.getLogger("dbos").error("sent %s", {"a": [s]}),
    "library's extra": lambda s: logging.getLogger("apart").error("sent", extra={"told": {"a": s}}),
    "stack": lambda s: logging.getLogger(LOGGER).error(s, stack_info=True),
    "exception": _raised,
}
SKELETON = (
    '{"timestamp": "2024-06-03T12:00:00Z", "event": "level": "logger": "exception": "stack": "a": "b": "c": "d": "to": '
)
SECRETS = st.text(st.characters(exclude_categories=["Cs"]), min_size=6, max_size=40)


@pytest.mark.parametrize("position", POSITIONS)
@settings(max_examples=5)
@given(SECRETS)
@example("hunter22")
@example("p\"w\\d'x y")
@example("line one long\nline two long")
@example("ünï©ödé ключ")
@example("tab\there\r\n")
@example("a&b=c d+e%20f/g")
def test_a_secret_planted_anywhere_never_comes_out(
    tmp_path_factory: pytest.TempPathFactory, position: str, secret: str
) -> None:
    assume(len(secret.strip()) >= 6)
    assume(secret not in SKELETON * 2)
    assume(secret.strip("*") == secret)
    home = tmp_path_factory.mktemp("home")
    set_up_logs(home, "info", [secret, "another one"], CLOCK)
    POSITIONS[position](secret)
    text = (home / "logs" / "quorum.jsonl").read_text(encoding="utf-8")
    assert text.strip()
    assert secret not in text
    assert not any(secret in found for line in text.splitlines() for found in _strings(json.loads(line)))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("postgresql://me:pw@db/quorum", "postgresql://***@db/quorum"),
        ("https://me:pw@host:8080/x?y=1", "https://***@host:8080/x?y=1"),
        ("https://host/x?api_key=abc&y=1", "https://host/x?api_key=***&y=1"),
        ("slack://tokenA/tokenB/tokenC/#general", "slack://***"),
        ("mailto://me:pw@example.com?to=you", "mailto://***"),
        ("tgram://123456:ABC/42 failed", "tgram://*** failed"),
        ("https://hooks.slack.com/services/T0/B0/xyz", "https://hooks.slack.com/services/***"),
        ("https://api.telegram.org/bot123:abc/send", "https://api.telegram.org/bot***"),
        ("Authorization: Bearer abcdef.ghi", "Authorization: *** ***"),
        ("used Basic dXNlcjpwYXNz today", "used Basic *** today"),
        ("password='a b c', user='me'", "password=***, user='me'"),
        ('{"client_secret": "x\\"y", "n": 1}', '{"client_secret": ***, "n": 1}'),
        ("SMTP_PASSWORD=hunter2 is wrong", "SMTP_PASSWORD=*** is wrong"),
        ("sqlite:////home/me/desk.db", "sqlite:////home/me/desk.db"),
        ("postgresql://me:p/w@x@db:5432/quorum refused", "postgresql://***@db:5432/quorum refused"),
        ("GET https://host/x?key=abc&y=1&sig=d%2Fe", "GET https://host/x?key=***&y=1&sig=***"),
        ("Set-Cookie: sid=abc; Path=/", "Set-Cookie: ***; Path=/"),
        ("dsn: host=db pwd=hunter2 user=me", "dsn: host=db pwd=*** user=me"),
        ("sent eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl on", "sent *** on"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY----- was read", "*** was read"),
        (
            "it failed: locked\n[SQL: INSERT INTO x VALUES (?)]\n[parameters: ('mine',)]\n"
            "(Background on this error at: https://sqlalche.me/e/21/e3q8). Retrying in 0.7s",
            "it failed: locked. Retrying in 0.7s",
        ),
        ("refused\n(Background on this error at: https://sqlalche.me/e/21/e3q8)", "refused"),
        ("(psycopg) closed\n[SQL: select 1]\n[parameters: {'a': 'mine'}]", "(psycopg) closed"),
        ("12 tokens were used; the keyboard is fine", "12 tokens were used; the keyboard is fine"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str, told: str) -> None:
    found = Redaction().text(text)
    assert found == told


@pytest.mark.parametrize(
    ("key", "masked"),
    [
        *((k, True) for k in ("password", "api_key", "apiKey", "key", "secret", "x-auth-token", "Authorization")),
        *((k, True) for k in ("apprise_url", "session_cookie", "private_pem", "aws-secret-access", "keys")),
        *((k, False) for k in ("symbol", "keyboard", "monkey", "author", "workflow_id", "passed", "turkey")),
    ],
)
def test_what_stands_at_the_name_of_a_secret_is_masked(key: str, masked: bool) -> None:
    assert (Redaction().value({key: {"a": 1}})[key] == MASK) is masked
    assert (Redaction().at(key, "x") == MASK) is masked
    assert Redaction().at(key, None) is None


def test_a_short_secret_is_masked_where_it_stands_alone() -> None:
    redaction = Redaction(["7", "abc", ""])
    assert redaction.text("7 of 77: abc, abcd") == "*** of 77: ***, abcd"
    assert redaction.value(7) == MASK
    assert redaction.value(77) == 77
    assert redaction.value(float("nan")) == "nan"


def test_a_number_that_is_a_secret_is_masked() -> None:
    assert Redaction(["12345678"]).value([12345678, 12345679]) == [MASK, 12345679]


def test_a_long_hostile_text_takes_no_time() -> None:
    from time import process_time

    started = process_time()
    for text in ("a." * 50_000, "token" * 20_000, "x://" * 20_000, '"' * 50_000, "Bearer " * 20_000):
        assert len(Redaction(["hunter22"]).text(text)) < 200_000
    assert process_time() - started < 2


def test_a_line_that_cannot_be_made_is_told_without_what_it_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs(tmp_path, "info", ["hunter22"], CLOCK)
    (handler,) = (h for h in logging.getLogger().handlers if isinstance(h, LineFile))
    handler.handle(logging.LogRecord(LOGGER, logging.ERROR, "here.py", 12, "%d and %d", ("hunter22",), None))
    told = capsys.readouterr().err
    assert told == f"a log line of {LOGGER}:12 is lost: TypeError\n"
    assert "hunter22" not in told


def test_a_full_disk_or_a_closed_folder_stops_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    set_up_logs(tmp_path)
    logging.getLogger(LOGGER).error("lost")
    assert capsys.readouterr().err.endswith(" is lost: FileExistsError\n")


def test_a_full_file_is_turned_over_and_the_oldest_goes(tmp_path: Path) -> None:
    handler = LineFile(tmp_path / "log", most_bytes=100, kept=2)
    logger = logging.Logger("alone")
    logger.addHandler(handler)
    for number in range(40):
        logger.info("line %04d", number)
    texts = [(tmp_path / name).read_text() for name in ("log.2", "log.1", "log")]
    assert [len(text) for text in texts[:2]] == [100, 100]
    assert "".join(texts).splitlines() == [
        f"line {number:04d}" for number in range(40 - sum(map(len, texts)) // 10, 40)
    ]
    assert not (tmp_path / "log.3").exists()
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600


def test_several_processes_write_and_turn_over_without_losing_a_line(tmp_path: Path) -> None:
    assert run("adapters.logging_apart", 3, tmp_path / "log", 200) == []
    found = [line for path in tmp_path.glob("log*") for line in path.read_text().splitlines()]
    assert len(found) == len(set(found)) == 600
    assert {len(line.split()) for line in found} == {2}
    assert len(list(tmp_path.glob("log.*"))) >= 2
    assert os.path.getsize(tmp_path / "log") <= 2_000


def test_the_engine_does_not_keep_the_standard_error_of_its_first_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from quorum.adapters.dbos import Engine, open_system

    dbos = logging.getLogger("dbos")
    monkeypatch.setattr(dbos, "handlers", [])
    for day in ("first", "second"):
        stream = io.StringIO()
        monkeypatch.setattr(sys, "stderr", stream)
        engine = Engine(open_system(tmp_path / f"{day}.db"), "slot-1", lambda run, request: {}, 1)
        dbos.error("what went wrong on the %s day", day)
        assert stream.getvalue() == f"what went wrong on the {day} day\n"
        engine.close()
        stream.close()
