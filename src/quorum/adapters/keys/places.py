"""The three places of a key: the environment, the system's keyring, a file that only its owner reads."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from quorum.adapters.keys.secret import Secret
from quorum.domain import ConfigError

Lookup = Callable[[str, str], str | None]
_FORMS = "write env:NAME, keyring:SERVICE:NAME or file:PATH:NAME"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_LARGEST = 65_536


def _from_keyring(service: str, name: str) -> str | None:
    import keyring
    import keyring.errors

    try:
        return keyring.get_password(service, name)
    except keyring.errors.KeyringError as error:
        raise ConfigError(
            f"keyring:{service}:{name}: the keyring does not answer ({type(error).__name__})",
            "unlock it, or keep the key in the environment or in a file",
        ) from None


class Keys:
    """Finds keys by reference; a relative path begins at `folder`, `lookup` asks the keyring."""

    def __init__(self, environment: Mapping[str, str], folder: Path, lookup: Lookup = _from_keyring) -> None:
        self._environment = environment
        self._folder = folder
        self._lookup = lookup

    def find(self, reference: str) -> Secret | None:
        """The key at `reference`, None when there is none; ConfigError for a text that is no reference.

        Such a text is not repeated: it may be the key itself. ConfigError too for a file that others may read.
        """
        kind, _, rest = reference.partition(":")
        place, _, name = rest.rpartition(":")
        if kind == "env" and rest:
            found = self._environment.get(rest)
        elif kind == "keyring" and place and name:
            found = self._lookup(place, name)
        elif kind == "file" and place and name:
            found = self._in_file(Path(place).expanduser(), name)
        else:
            raise ConfigError("a key's reference is of no known form, and is not shown in case it is the key", _FORMS)
        found = (found or "").strip()
        if not found.isascii() or not found.isprintable():
            raise ConfigError(f"{reference}: the key has characters that no key has", "write it again")
        return Secret(found, reference) if found else None

    def need(self, *references: str) -> tuple[Secret, ...]:
        """The keys at all `references`; ConfigError that names those where there is none."""
        found = {reference: self.find(reference) for reference in references}
        absent = [reference for reference, secret in found.items() if secret is None]
        if absent:
            raise ConfigError(
                f"there is no key at {' nor at '.join(absent)}",
                "put it there, or name another place in config/sources.yaml",
            )
        return tuple(secret for secret in found.values() if secret is not None)

    def _in_file(self, path: Path, name: str) -> str | None:
        """The value of a line NAME=VALUE."""
        file = self._folder / path
        try:
            with file.open("rb") as lines:
                mode = os.fstat(lines.fileno()).st_mode
                if mode & _OTHERS:
                    raise ConfigError(f"{file}: others may use it (mode {mode & 0o777:o})", f"run `chmod 600 {file}`")
                text = lines.read(_LARGEST).decode("utf-8")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ConfigError(f"{file}: cannot be read ({error.strerror})", "make it one that you may read") from None
        except UnicodeDecodeError:
            raise ConfigError(f"{file}: is no text", "write lines NAME=VALUE into it") from None
        found = (line.partition("=") for line in text.splitlines() if not line.lstrip().startswith("#"))
        return next((value.strip().strip("'\"") for key, _, value in found if key.strip() == name), None)
