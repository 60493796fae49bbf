"""A new account in accounts.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from typing import Any

from pydantic import ValidationError
from ruamel.yaml.comments import CommentedMap

from quorum.desk.settings import AccountsFile, closest, read_document, yaml_with_comments
from quorum.desk.workspace import Workspace, write_text
from quorum.domain import UsageError


def add_account(workspace: Workspace, name: str, given: Mapping[str, Any]) -> None:
    """Write an account with the keys `given` into accounts.yaml, keeping its other lines and comments.

    UsageError for a name that there is, a book without limits, or a key that is wrong; then nothing is written.
    """
    settings, path = workspace.settings(), workspace.config / "accounts.yaml"
    if name in settings.accounts.accounts:
        raise UsageError(f"there is an account {name!r} already", "give another name, or see `quorum account list`")
    books = settings.risk.books
    if given["book"] not in books:
        raise UsageError(
            f"book {given['book']!r} has no limits{closest(given['book'], books)}",
            f"add it to risk.yaml, which has {', '.join(sorted(books)) or 'none'}",
        )
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    changed = _with_account(path, text, (name, given), settings.accounts)
    if (path.read_text(encoding="utf-8") if path.exists() else "") != text:
        raise UsageError(f"{path} was changed meanwhile", "try again")
    write_text(path, changed)


def _with_account(path: Any, text: str, new: tuple[str, Mapping[str, Any]], now: AccountsFile) -> str:
    """The text of the file with one account more; where it named none, the usual ones are written out."""
    document = read_document(path)
    out = StringIO()
    if document is None:
        out.write(f"{text.rstrip()}\n" if text.strip() else "")
        document = CommentedMap()
    if "accounts" not in document:
        usual = {name: section.model_dump(mode="json", exclude_unset=True) for name, section in now.accounts.items()}
        document["accounts"] = CommentedMap({name: _line(keys) for name, keys in usual.items()})
    document["accounts"][new[0]] = _line(new[1])
    yaml_with_comments().dump(document, out)
    _check(out.getvalue(), new[0])
    return out.getvalue()


_SEE = "see docs/guides/alpaca.md for venues, and docs/reference/ledger.md for accounts"


def _line(keys: Mapping[str, Any]) -> CommentedMap:
    line = CommentedMap({name: value for name, value in keys.items() if value is not None})
    line.fa.set_flow_style()
    return line


def _check(text: str, name: str) -> None:
    """UsageError for what a reader of the file would refuse."""
    try:
        AccountsFile.model_validate(yaml_with_comments().load(text))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part not in ("accounts", "[key]", name))
        said = first["msg"].removeprefix("Value error, ")
        raise UsageError(": ".join(filter(None, (f"account {name}", where, said))), _SEE) from error
