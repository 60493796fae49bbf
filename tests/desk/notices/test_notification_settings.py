"""notifications.yaml: every key has its effect, and a refusal points at the line and shows no secret."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from quorum.desk.notices import Address, ChannelRule, Digest, Event, Form, Policy, QuietHours, Rate, Repeats, Retries
from quorum.desk.settings.notices import NOTIFICATIONS_YAML, NotificationsFile
from quorum.desk.settings.reading import read_settings
from quorum.domain import MINUTE, SECOND, ConfigError, Severity

SECRET = "hunter2secret"


def read(folder: Path, text: str) -> NotificationsFile:
    path = folder / "notifications.yaml"
    path.write_text(text, encoding="utf-8")
    return read_settings(path, NotificationsFile)


def test_the_text_of_a_new_workspace_says_the_defaults(tmp_path: Path) -> None:
    assert read(tmp_path, NOTIFICATIONS_YAML) == NotificationsFile()
    assert NotificationsFile().policy() == Policy(digest=Digest((time(8), time(18))))
    assert NotificationsFile().addresses() == {}


def test_its_examples_can_be_used_as_they_are(tmp_path: Path) -> None:
    lines = NOTIFICATIONS_YAML.splitlines()
    begin = lines.index("channels: {}")
    examples = [line[1:] if line.startswith("#  ") else line for line in lines[begin + 1 :]]
    file = read(tmp_path, "\n".join(["channels:", *examples]))
    assert list(file.channels) == ["email", "slack", "telegram", "sms"]
    assert file.addresses()["email"].placeholders == ("password",)
    assert file.addresses()["slack"] == Address(url_from="env:QUORUM_SLACK_URL")


def test_every_key_has_its_effect(tmp_path: Path) -> None:
    file = read(
        tmp_path,
        """
channels:
  email:
    url: "mailtos://desk:{password}@smtp.example.org?to=me@example.org"
    secrets: {password: "file:keys.txt:SMTP"}
    enabled: false
    min_priority: high
    events: [alert, halted]
    form: short
    allow_plain: true
zone: Europe/Berlin
quiet_hours: {enabled: true, start: "23:30", end: "06:15", breaks_from: RED}
digest: {at: ["09:00"], up_to: medium}
rate_limit: {per_hour: 3, exempt_from: critical}
escalation: {from_severity: yellow, every_minutes: 2.5, most_rounds: 4}
retries: {tries: 2, first_seconds: 0.5, factor: 3, longest_seconds: 60}
timeout_seconds: 2
""",
    )
    rule = ChannelRule("email", False, Severity.RED, frozenset({Event.ALERT, Event.HALTED}), Form.SHORT)
    assert file.policy() == Policy(
        channels=(rule,),
        zone="Europe/Berlin",
        quiet=QuietHours(time(23, 30), time(6, 15), Severity.RED),
        digest=Digest((time(9),), Severity.YELLOW),
        rate=Rate(3, Severity.BLACK),
        repeats=Repeats(Severity.YELLOW, int(2.5 * MINUTE), 4),
        retries=Retries(2, SECOND // 2, 3.0, MINUTE),
        timeout_seconds=2.0,
    )
    address = Address(
        "mailtos://desk:{password}@smtp.example.org?to=me@example.org", "", {"password": "file:keys.txt:SMTP"}, True
    )
    assert file.addresses() == {"email": address}
    off = read(tmp_path, "digest: {enabled: false}\nescalation: {enabled: false}\n").policy()
    assert (off.digest, off.repeats) == (None, None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("channels:\n  log: {url: 'syslog://'}", r":2:3: .*`log` is always there"),
        ("channels:\n  My Mail: {url: 'syslog://'}", r":2:3: .*'My Mail' is no name for a channel"),
        ("channels:\n  a: {}", r":2:3: channels\.a: needs either `url` or `url_from`"),
        ("channels:\n  a: {url: 'json://h', url_from: 'env:A'}", r"needs either `url` or `url_from`"),
        ("channels:\n  a: {url: nonsense}", r"`url` is no address"),
        ("channels:\n  a: {url: 'json://u:{pw}@h'}", r"`secrets` and the names in braces in `url` differ: pw"),
        ("channels:\n  a: {url: 'json://h', secrets: {pw: 'env:PW'}}", r"differ: pw"),
        ("channels:\n  a: {url_from: 'env:A', secrets: {pw: 'env:PW'}}", r"`secrets` belong into a `url`"),
        ("channels:\n  a: {url: 'json://h', min_priority: urgent}", r":2:24: .*must be low, medium, high"),
        ("channels:\n  a: {url: 'json://h', events: [alrt]}", r"there is no event 'alrt', did you mean 'alert'\?"),
        ("channels:\n  a: {url: 'json://h', form: long}", r"must be 'full' or 'short'"),
        ("channels:\n  a: {url: 'json://h', enable: true}", r"unknown key 'channels.a.enable', did you mean 'enabled'"),
        ("zone: Mars/Olympus", r":1:1: zone: there is no time zone 'Mars/Olympus'"),
        ("quiet_hours: {start: '25:00'}", r":1:15: quiet_hours.start: a time of day is written as \"07:00\""),
        ("quiet_hours: {start: '07:00', end: '07:00'}", r"quiet hours begin and end at the same time"),
        ("digest: {at: []}", r"digest\.at: .*at least 1"),
        ("rate_limit: {per_hour: 0}", r"greater than or equal to 1"),
        ("retries: {factor: 0.5}", r"greater than or equal to 1"),
        ("timeout: 3", r"unknown key 'timeout', did you mean 'timeout_seconds'"),
    ],
)
def test_what_is_wrong_is_refused_at_its_place(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        f"channels: 'mailtos://u:{SECRET}@h'",
        f"channels:\n  a: 'mailtos://u:{SECRET}@h'",
        f"channels:\n  a: ['mailtos://u:{SECRET}@h']",
        f"channels:\n  a: {{url: 'mailtos://u:{SECRET}@h'}}",
        f"channels:\n  a: {{url: ['{SECRET}']}}",
        f"channels:\n  a: {{url_from: 'mailtos://u:{SECRET}@h'}}",
        f"channels:\n  a: {{url: 'json://u:{{pw}}@h', secrets: {{pw: {SECRET}}}}}",
        f"channels:\n  a: {{url: 'json://u:{{pw}}@h', secrets: {SECRET}}}",
        f"channels:\n  a: {{url: 'json://[{SECRET}'}}",
        f"channels:\n  a: {{url: 'mailtos://h?user=u&pass={SECRET}'}}",
        f"channels:\n  a: {{url: 'jsons://h/hook?%2Bx-api-key={SECRET}'}}",
        f"channels:\n  a: {{url: 'slack://T0/B1/{SECRET}'}}",
        f"channels:\n  a: {{url: 'tgram://12345:{SECRET}/1'}}",
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, text)
    assert SECRET not in str(refused.value)
    assert SECRET not in str(refused.value.__cause__)
    assert SECRET not in repr(refused.value)


@pytest.mark.parametrize(
    "url",
    ["mailtos://h?user=u&pass={pw}", "jsons://h/?+x-api-key={pw}", "slack://T0/B1/{pw}", "tgram://1:{pw}/2"],
)
def test_a_secret_that_is_named_may_stand_anywhere(tmp_path: Path, url: str) -> None:
    file = read(tmp_path, f"channels:\n  a: {{url: '{url}', secrets: {{pw: 'env:PW'}}}}")
    assert file.addresses()["a"].placeholders == ("pw",)


def test_an_address_does_not_show_itself() -> None:
    assert SECRET not in repr(Address(f"json://h/{SECRET}"))
