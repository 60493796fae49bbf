"""Keys: found in three places, shown in none."""

from __future__ import annotations

import copy
import json
import traceback
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from quorum.adapters.keys import Keys, Secret
from quorum.domain import ConfigError, canonical

VALUE = "PK-NEVER-SHOWN-77"


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys({"A_KEY": VALUE, "EMPTY": "  ", "ODD": "two\nlines"}, tmp_path, lambda service, name: None)


def test_a_secret_is_shown_by_nothing() -> None:
    secret = Secret(VALUE, "env:A_KEY")
    assert secret.reveal() == VALUE
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>40}", str([secret]), str({1: secret})]
    assert [text for text in shown if VALUE in text] == []
    assert "env:A_KEY" in repr(secret)
    for way in (json.dumps, canonical, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            way(secret)
    assert VALUE not in str([getattr(secret, name) for name in dir(secret)])


def test_the_environment_is_a_place(keys: Keys) -> None:
    found = keys.find("env:A_KEY")
    assert found is not None
    assert (found.reveal(), found.where) == (VALUE, "env:A_KEY")
    assert keys.find("env:B_KEY") is None
    assert keys.find("env:EMPTY") is None


def test_a_file_that_its_owner_alone_reads_is_a_place(keys: Keys, tmp_path: Path) -> None:
    file = tmp_path / "keys.env"
    file.write_text(f"# ours\nOTHER=1\n A_KEY = '{VALUE}' \n", encoding="utf-8")
    file.chmod(0o600)
    found = keys.find("file:keys.env:A_KEY")
    assert found is not None
    assert found.reveal() == VALUE
    assert keys.find(f"file:{file}:A_KEY") is not None
    assert keys.find("file:keys.env:B_KEY") is None
    assert keys.find("file:none.env:A_KEY") is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_may_use_is_refused(keys: Keys, tmp_path: Path, mode: int) -> None:
    file = tmp_path / "keys.env"
    file.write_text(f"A_KEY={VALUE}", encoding="utf-8")
    file.chmod(mode)
    with pytest.raises(ConfigError, match=rf"others may use it \(mode {mode:o}\); run `chmod 600 ") as refusal:
        keys.find("file:keys.env:A_KEY")
    assert VALUE not in _told(refusal.value)


def test_a_folder_and_a_file_of_bytes_are_named(keys: Keys, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError, match="folder: cannot be read"):
        keys.find("file:folder:A_KEY")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00A_KEY")
    (tmp_path / "bytes").chmod(0o600)
    with pytest.raises(ConfigError, match="bytes: is no text"):
        keys.find("file:bytes:A_KEY")


class Ring(KeyringBackend):
    """A keyring with one password; locked where the service says so."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        if service == "locked":
            raise KeyringLocked(f"cannot unlock, was asked for {username}")
        return VALUE if (service, username) == ("quorum", "alpaca") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


def test_the_keyring_is_a_place(tmp_path: Path) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(Ring())
    try:
        keys = Keys({}, tmp_path)
        found = keys.find("keyring:quorum:alpaca")
        assert found is not None
        assert found.reveal() == VALUE
        assert keys.find("keyring:quorum:other") is None
        with pytest.raises(ConfigError, match=r"the keyring does not answer \(KeyringLocked\); unlock it"):
            keys.find("keyring:locked:alpaca")
    finally:
        keyring.set_keyring(before)


@pytest.mark.parametrize("text", [VALUE, f"{VALUE}:", "env:", "file:a", "keyring:a", "vault:a:b", "", f"file::{VALUE}"])
def test_what_is_no_reference_is_refused_and_not_repeated(keys: Keys, text: str) -> None:
    with pytest.raises(ConfigError, match="is of no known form, and is not shown") as refusal:
        keys.find(text)
    assert VALUE not in str(refusal.value)


def test_a_key_that_no_header_can_hold_is_refused_and_not_repeated(keys: Keys) -> None:
    with pytest.raises(ConfigError, match="env:ODD: the key has characters that no key has") as refusal:
        keys.find("env:ODD")
    assert "two" not in str(refusal.value)


def test_keys_that_are_needed_and_absent_are_all_named(keys: Keys) -> None:
    assert [secret.reveal() for secret in keys.need("env:A_KEY")] == [VALUE]
    with pytest.raises(ConfigError, match="there is no key at env:B_KEY nor at env:C_KEY; put it there"):
        keys.need("env:B_KEY", "env:A_KEY", "env:C_KEY")


def _told(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))
