"""One family of errors, each in one line with what to do, and one scale of severity under many names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum import domain
from quorum.domain import Halted, NeedsApproval, QuorumError, Severity, UsageError, severity

FAMILY = [kind for kind in vars(domain).values() if isinstance(kind, type) and issubclass(kind, QuorumError)]
WORDS = {
    Severity.INFO: ("info", "low"),
    Severity.YELLOW: ("yellow", "medium", "warning"),
    Severity.RED: ("red", "high"),
    Severity.BLACK: ("black", "critical"),
}


@given(st.sampled_from(FAMILY), st.text(), st.text())
def test_every_error_is_one_line_with_what_was_found_and_what_to_do(
    kind: type[QuorumError], found: str, remedy: str
) -> None:
    error = kind(found, remedy)
    assert len(str(error).splitlines()) <= 1
    assert " ".join(found.split()) in str(error)
    assert " ".join(remedy.split()) in str(error)
    assert (error.found, error.remedy) == (found, remedy)


def test_the_message_is_found_and_remedy() -> None:
    assert str(QuorumError("the disk\nis full", "free  some")) == "the disk is full; free some"
    assert str(QuorumError("it is late")) == "it is late"


def test_exit_codes_are_those_of_the_command_line() -> None:
    codes = {kind.__name__: kind.exit_code for kind in FAMILY}
    usage = {kind.__name__ for kind in FAMILY if issubclass(kind, UsageError)}
    assert {name for name, code in codes.items() if code == 2} == usage == {"UsageError", "NotFound", "ConfigError"}
    assert (NeedsApproval.exit_code, Halted.exit_code) == (3, 4)
    assert set(codes.values()) == {1, 2, 3, 4}


@pytest.mark.parametrize("level", Severity)
def test_a_severity_has_its_names_on_every_scale_in_any_case(level: Severity) -> None:
    for word in WORDS[level]:
        assert severity(word) is severity(word.upper()) is severity(word.title()) is level


def test_severities_rise() -> None:
    assert Severity.INFO < Severity.YELLOW < Severity.RED < Severity.BLACK
    assert max(map(severity, ("low", "CRITICAL", "warning"))) is Severity.BLACK


@pytest.mark.parametrize("word", ["", "green", "severe", "1"])
def test_a_word_of_no_scale_is_no_severity(word: str) -> None:
    with pytest.raises(KeyError):
        severity(word)
