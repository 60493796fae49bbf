"""Channels against real servers on loopback: what arrives, what is refused, and that no text shows a secret."""

from __future__ import annotations

import json
import logging
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.stores import NOW
from desk.notices.happenings import noticed, on_its_way
from quorum.adapters.keys import Keys
from quorum.adapters.notify import AppriseChannels, FileNotifier, NotDelivered
from quorum.adapters.notify.redaction import secret_parts, without
from quorum.desk.notices import LOG, Address, Event, Form, Message, message
from quorum.domain import ConfigError, NotFound, Severity, VirtualClock
from servers.smtp import mail_server
from servers.webhook import Answer, webhook

SECRET = "hunter2/secret&more"
MESSAGE = message([on_its_way(noticed(details={"loss": 0.047, "note": "<b>5 %</b>"}))], Form.FULL)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "notifications.jsonl"


def channels(
    log: Path, address: Address, environment: Mapping[str, str] | None = None, timeout: float = 5.0
) -> AppriseChannels:
    keys = Keys(environment or {}, log.parent)
    return AppriseChannels({"it": address}, keys, FileNotifier(log, VirtualClock(NOW)), timeout)


def mail(port: int, user: str = "") -> str:
    return f"mailto://{user}127.0.0.1:{port}?from=desk@example.org&to=ada@example.org&mode=insecure"


def refused(sender: AppriseChannels, told: Message = MESSAGE) -> str:
    with pytest.raises(NotDelivered) as error:
        sender.send("it", told)
    return str(error.value)


def test_a_mail_arrives_with_its_subject_and_its_text(log: Path) -> None:
    with mail_server() as box:
        channels(log, Address(mail(box.port))).send("it", MESSAGE)
    (sent,) = box.messages
    assert isinstance(sent, EmailMessage)
    assert sent["Subject"] == "[RED] A loss comes near a limit of its book, or reached it. (1) (NOT-20240603-001)"
    assert (sent["From"], box.recipients) == ("desk@example.org", ["ada@example.org"])
    assert box.texts()[0].replace("\r\n", "\n").rstrip() == MESSAGE.body
    assert not log.exists()


def test_a_webhook_gets_title_text_and_how_bad_it_is(log: Path) -> None:
    with webhook() as hook:
        channels(log, Address(f"json://127.0.0.1:{hook.port}/hook")).send("it", MESSAGE)
    assert hook.paths == ["/hook"]
    assert (hook.posts[0]["title"], hook.posts[0]["message"]) == (MESSAGE.title, MESSAGE.body)
    assert hook.posts[0]["type"] == "failure"


def test_the_log_takes_a_line_for_each_notice(log: Path) -> None:
    both = message([on_its_way(noticed(Event.HALTED)), on_its_way(noticed(number=2))], Form.FULL)
    channels(log, Address("json://127.0.0.1")).send(LOG, both)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["severity"] for line in lines] == ["BLACK", "BLACK"]
    assert [line["details"]["notification_id"] for line in lines] == ["NOT-20240603-001", "NOT-20240603-002"]


class Listening(logging.Handler):
    """What reaches the logs of the whole program, as it would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name != "mail.log":  # the server's own
            self.lines.append(f"{record.name} {record.getMessage()}")


@pytest.fixture
def listening() -> Iterator[Listening]:
    root, handler = logging.getLogger(), Listening()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


def test_a_password_is_taken_from_its_place_and_shown_nowhere(log: Path, listening: Listening) -> None:
    with mail_server(SECRET) as box:
        address = Address(mail(box.port, "desk:{password}@"), "", {"password": "env:SMTP"})
        sender = channels(log, address, {"SMTP": SECRET})
        sender.send("it", MESSAGE)
        assert box.logins == [("desk", SECRET)]
        wrong = refused(channels(log, address, {"SMTP": "another secret"}))
    assert len(box.messages) == 1
    assert "535" in wrong
    assert not [line for line in listening.lines if line.startswith(("apprise", "urllib3"))]
    for text in (wrong, repr(sender), repr(address), *listening.lines):
        assert not any(secret in text for secret in (SECRET, "another secret", "another%20secret"))


def test_a_secret_path_reaches_no_log(log: Path, listening: Listening) -> None:
    with webhook() as hook:
        secret = {"URL": f"json://desk:hunter2@127.0.0.1:{hook.port}/services/T0K3N"}
        channels(log, Address(url_from="env:URL"), secret).send("it", MESSAGE)
    assert hook.paths == ["/services/T0K3N"]
    assert not any("T0K3N" in line or "hunter2" in line for line in listening.lines)


def test_what_a_service_refuses_is_said_with_its_reason(log: Path) -> None:
    with mail_server() as box:
        box.refusals.append("554 too much mail")
        assert "554, b'too much mail'" in refused(channels(log, Address(mail(box.port))))
    nobody = refused(channels(log, Address(mail(box.port))))
    assert "Connection refused" in nobody
    assert nobody.endswith("; `quorum notices test it` tries it")
    with webhook() as hook:
        hook.answers.append(Answer(500))
        assert "error=500" in refused(channels(log, Address(f"json://127.0.0.1:{hook.port}/hook")))


def test_no_redirect_is_followed_with_what_the_address_holds(log: Path) -> None:
    with webhook() as hook, webhook() as elsewhere:
        hook.answers.append(Answer(307, location=f"http://127.0.0.1:{elsewhere.port}/"))
        assert "307" in refused(channels(log, Address(f"json://user:pass@127.0.0.1:{hook.port}/hook")))
        assert elsewhere.paths == []


def test_an_error_names_no_part_of_a_secret_address(log: Path) -> None:
    secret = {"URL": "json://desk:hunter2@127.0.0.1:9/services/T0K3N/?+x-api-key=K3YK3Y"}
    text = refused(channels(log, Address(url_from="env:URL"), secret))
    assert not any(part in text for part in ("hunter2", "T0K3N", "K3YK3Y"))


@pytest.mark.parametrize("answer", [Answer(after=30), Answer(drip=0.05)])
def test_a_slow_service_is_left_at_its_time_and_holds_no_other_message_up(log: Path, answer: Answer) -> None:
    with webhook() as hook:
        hook.answers.append(answer)
        sender = channels(log, Address(f"json://127.0.0.1:{hook.port}/hook"), timeout=0.3)
        began = time.monotonic()
        assert "no answer" in (text := refused(sender)) or "timed out" in text
        assert time.monotonic() - began < 10
        if answer.drip:
            assert "an earlier message is still on its way" in refused(sender)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        (Address("nonsense://somewhere"), "its address is none that can be used"),
        (Address("json://example.org/hook"), "json:// is not encrypted; write jsons://"),
        (
            Address("mailto://u:p@example.org?smtp=10.0.0.1&mode=insecure"),
            "mailto:// is not encrypted; write mailtos://",
        ),
        (Address("jsons://example.org/hook?verify=no"), "verify=no leaves the certificate unchecked"),
        (Address("json://127.0.0.1/hook?verify=no"), "verify=no leaves the certificate unchecked"),
        (Address(url_from="env:NOWHERE"), "there is no key at env:NOWHERE"),
        (Address("json://u:{pw}@127.0.0.1/", "", {"pw": "env:NOWHERE"}), "there is no key at env:NOWHERE"),
    ],
)
def test_an_address_that_would_not_do_is_refused_before_anything_is_sent(
    log: Path, address: Address, says: str
) -> None:
    sender = channels(log, address)
    for act in (lambda: sender.check("it"), lambda: sender.send("it", MESSAGE)):
        with pytest.raises(ConfigError, match=says.replace("(", r"\(")):
            act()


@pytest.mark.parametrize(
    "url",
    [
        "slack://TABC12345/BABC12345/abcdefghijklmnopqrstuvwx/#general",
        "tgram://123456789:abcdefg_hijklmnop/12315544/",
        "twilio://AC1234567890123456789012345678901234:abcdef123456789012345678901234567@15551234567/15557654321",
        "mailtos://desk:secret@smtp.example.org?to=me@example.org",
        "mailto://desk:secret@gmail.com",
        "jsons://example.org/hook",
        "ntfy://127.0.0.1/topic",
    ],
)
def test_the_usual_services_are_known_and_encrypted(log: Path, url: str) -> None:
    sender = channels(log, Address(url))
    sender.check("it")
    sender.check(LOG)
    assert sender.names() == (LOG, "it")


def test_a_network_of_one_s_own_may_do_without_encryption_where_it_says_so(log: Path) -> None:
    channels(log, Address("json://10.0.0.1/hook", allow_plain=True)).check("it")


def test_an_unknown_channel_is_refused(log: Path) -> None:
    with pytest.raises(NotFound, match="there is no channel 'sms'; there are log, it"):
        channels(log, Address("json://127.0.0.1")).send("sms", MESSAGE)


def test_a_certificate_that_nobody_vouches_for_is_refused(log: Path, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*made, *names], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with mail_server(tls=context) as box:
        url = f"mailtos://127.0.0.1:{box.port}?from=desk@example.org&to=ada@example.org&mode=starttls"
        assert "CERTIFICATE_VERIFY_FAILED" in refused(channels(log, Address(url)))
    assert box.messages == []


WORD = st.text("abcdefgXYZ0123456789-_~!$&'()*+,;=%/@: ", min_size=6, max_size=30).map(str.strip)


@given(WORD.filter(lambda w: len(w) >= 4), st.text(max_size=20), st.text(max_size=20))
def test_no_text_keeps_a_secret_however_it_is_written(secret: str, before: str, after: str) -> None:
    from urllib.parse import quote

    for form in (secret, quote(secret, safe="")):
        assert form not in without(f"{before}{form}{after}", {secret})


def test_the_parts_of_an_address_are_its_secrets() -> None:
    parts = secret_parts("slack://T0/B1/s3cr3t?to=%23a&k=v w")
    assert {"B1", "s3cr3t", "#a", "v w", "t0"} <= parts
    assert secret_parts("json://[broken") == {"json://[broken"}
    assert without("a   b\nc", ()) == "a b c"
    assert "127.0.0.1" not in secret_parts("json://127.0.0.1/x")


def test_severities_become_the_kinds_that_services_know(log: Path) -> None:
    kinds = {Severity.INFO: "info", Severity.YELLOW: "warning", Severity.RED: "failure", Severity.BLACK: "failure"}
    with webhook() as hook:
        sender = channels(log, Address(f"json://127.0.0.1:{hook.port}/"))
        for severity in Severity:
            sender.send("it", Message("title", "body", severity, ()))
    assert [post["type"] for post in hook.posts] == list(kinds.values())
