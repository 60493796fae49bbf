"""A backup's file: what is written into it is hashed, and is read again only if every hash holds."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from quorum.domain import StoreError, UsageError

MANIFEST = "manifest.json"
_BLOCK = 1 << 20
_DAMAGED = "take another backup; this one is not restored"


@dataclass
class Writing:
    """A backup under way: `files` holds the hash and the size, or the target of a link, of what is in it."""

    tar: tarfile.TarFile
    files: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def add(self, name: str, path: Path, size: int | None = None) -> None:
        """Put the file at `path` in, or its first `size` bytes; one that is gone by now is left out."""
        try:
            with path.open("rb") as file:
                stat = os.fstat(file.fileno())
                length = stat.st_size if size is None else size
                info = tarfile.TarInfo(name)
                info.size, info.mode, info.mtime = length, stat.st_mode & 0o777, int(stat.st_mtime)
                reader = _Hashed(file)
                self.tar.addfile(info, reader)
        except FileNotFoundError:
            return
        self.files[name] = {"sha256": reader.digest.hexdigest(), "bytes": length}

    def link(self, name: str, target: str) -> None:
        """Put a link in, to a place beside it."""
        info = tarfile.TarInfo(name)
        info.type, info.linkname = tarfile.SYMTYPE, target
        self.tar.addfile(info)
        self.files[name] = {"link": target}


class _Hashed(io.RawIOBase):
    """A file that is hashed as it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.digest.update(data)
        return data


@contextmanager
def writing(to: Path, facts: Mapping[str, Any]) -> Iterator[Writing]:
    """A backup at `to` that is there whole or not at all; `facts` go into its manifest. Compressed where named .gz.

    UsageError when `to` exists, StoreError when the disk refuses.
    """
    if to.exists():
        raise UsageError(f"{to} exists", "choose another name: a backup is never written over")
    partial = to.with_name(f".{to.name}.partial")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            with _tar(file, to) as tar:
                under_way = Writing(tar)
                yield under_way
                _add_manifest(tar, {**facts, "files": under_way.files})
            file.flush()
            os.fsync(file.fileno())
        os.rename(partial, to)
    except OSError as error:
        raise StoreError(
            f"backup {to}: {error.strerror or error}", "free some space, or choose another place"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _tar(file: IO[bytes], to: Path) -> tarfile.TarFile:
    if to.suffix in (".gz", ".tgz"):
        return tarfile.open(fileobj=file, mode="w:gz", compresslevel=1)
    return tarfile.open(fileobj=file, mode="w")


def _add_manifest(tar: tarfile.TarFile, manifest: Mapping[str, Any]) -> None:
    text = json.dumps(manifest, indent=1, sort_keys=True).encode()
    info = tarfile.TarInfo(MANIFEST)
    info.size = len(text)
    tar.addfile(info, io.BytesIO(text))


def unpack(path: Path, into: Path) -> Mapping[str, Any]:
    """Write what is in the backup at `path` below `into`; its manifest, when every file is there and as it was hashed.

    StoreError for a file that is no backup, is damaged or was altered, or holds a name that leads elsewhere.
    """
    found: dict[str, Mapping[str, Any]] = {}
    manifest: Any = None
    try:
        with tarfile.open(path, "r:*") as tar:
            for member in tar:
                if member.name == MANIFEST:
                    manifest = json.loads(_content(tar, member).read())
                else:
                    found[member.name] = _unpack(tar, member, into)
    except FileNotFoundError:
        raise UsageError(f"there is no backup at {path}", "name the file that `quorum backup` wrote") from None
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise StoreError(f"{path} cannot be read as a backup: {error}", _DAMAGED) from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise StoreError(f"{path} has no manifest", _DAMAGED)
    _compare(path, manifest["files"], found)
    return manifest


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, into: Path) -> Mapping[str, Any]:
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts or not (member.isreg() or member.issym()):
        raise StoreError(f"{member.name!r} leads out of the backup", _DAMAGED)
    target = into / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if member.issym():
        if not _stays(name, member.linkname):
            raise StoreError(f"the link {member.name!r} leads out of the backup", _DAMAGED)
        target.symlink_to(member.linkname)
        return {"link": member.linkname}
    digest = hashlib.sha256()
    if target.parent.resolve() != (into.resolve() / name).parent:
        raise StoreError(f"{member.name!r} lies behind a link", _DAMAGED)
    with _content(tar, member) as source, target.open("xb") as file:
        while block := source.read(_BLOCK):
            digest.update(block)
            file.write(block)
    target.chmod(member.mode & 0o777)
    return {"sha256": digest.hexdigest(), "bytes": member.size}


def _stays(name: PurePosixPath, target: str) -> bool:
    """Whether a link at `name` leads to a place below the folder that `name` begins with."""
    if PurePosixPath(target).is_absolute():
        return False
    there = os.path.normpath(name.parent / target)
    return there.split("/")[0] == name.parts[0]


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    found = tar.extractfile(member)
    if found is None:
        raise StoreError(f"{member.name!r} is no file", _DAMAGED)
    return found


def _compare(path: Path, told: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    for name in sorted(told.keys() | found.keys()):
        if name not in found:
            raise StoreError(f"{path}: {name} is missing", _DAMAGED)
        if name not in told:
            raise StoreError(f"{path}: {name} does not belong to it", _DAMAGED)
        if told[name] != found[name]:
            raise StoreError(f"{path}: {name} is not as it was written", _DAMAGED)


def clear_away(folder: Path) -> None:
    """Remove a folder with all that is in it, as far as that goes."""
    shutil.rmtree(folder, ignore_errors=True)
