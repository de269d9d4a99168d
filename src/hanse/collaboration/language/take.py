"""Taking typed values out of parsed nodes, with errors that name key and line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from hanse.collaboration.language.errors import (
    FlowBadName,
    FlowDuplicateName,
    FlowMissingKey,
    FlowUnknownKey,
    FlowWrongType,
)
from hanse.collaboration.language.source import Mapping, Node, Scalar, Sequence
from hanse.collaboration.language.tree import Word

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_INTEGER = re.compile(r"[+-]?[0-9]{1,15}")
MAX_TEXT = 200


def check_keys(node: Mapping, known: Iterable[str], where: str) -> None:
    """Refuse keys the language does not know here, suggesting the nearest known one."""
    allowed = list(known)
    for key, scalar in node.keys.items():
        if key in allowed:
            continue
        near = difflib.get_close_matches(key, allowed, 1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(allowed)}"
        raise FlowUnknownKey(
            f"{where} has no key {key[:40]!r}{hint}", line=scalar.line, column=scalar.column
        )


def require(node: Mapping, key: str, where: str) -> Node:
    """The value under ``key``."""
    value = node.entries.get(key)
    if value is None:
        raise FlowMissingKey(f"{where} needs the key {key!r}", line=node.line, column=node.column)
    return value


def as_mapping(node: Node, what: str) -> Mapping:
    """The node when it is a mapping."""
    if not isinstance(node, Mapping):
        raise FlowWrongType(
            f"{what} is a mapping of names to values", line=node.line, column=node.column
        )
    return node


def as_sequence(node: Node, what: str) -> Sequence:
    """The node when it is a list."""
    if not isinstance(node, Sequence):
        raise FlowWrongType(f"{what} is a list", line=node.line, column=node.column)
    return node


def as_text(node: Node, what: str) -> Word:
    """A non-empty scalar of at most 200 characters, taken literally as text."""
    if not isinstance(node, Scalar) or (node.plain and node.text in ("", "~", "null")):
        raise FlowWrongType(f"{what} is a text", line=node.line, column=node.column)
    if not node.text.strip() or len(node.text) > MAX_TEXT:
        raise FlowWrongType(
            f"{what} is a text of 1 to {MAX_TEXT} characters", line=node.line, column=node.column
        )
    return Word(node.text, node.line)


def as_name(node: Node, what: str) -> Word:
    """A name: 1 to 40 of ``a-z 0-9 _ -``, starting with a letter."""
    word = as_text(node, what)
    check_name(word.text, what, word.line)
    return word


def check_name(text: str, what: str, line: int) -> str:
    """Return ``text`` when it is a name."""
    if not _NAME.fullmatch(text):
        raise FlowBadName(f"{what} {text[:40]!r} is no valid name", line=line)
    return text


def as_integer(node: Node, what: str, minimum: int, maximum: int) -> int:
    """An integer within ``[minimum, maximum]``."""
    if not isinstance(node, Scalar) or not node.plain or not _INTEGER.fullmatch(node.text):
        raise FlowWrongType(f"{what} is a whole number", line=node.line, column=node.column)
    value = int(node.text)
    if not minimum <= value <= maximum:
        raise FlowWrongType(f"{what} is between {minimum} and {maximum}", line=node.line)
    return value


def as_names(node: Node, what: str) -> tuple[Word, ...]:
    """A list of different names."""
    words = tuple(as_name(item, f"a member of {what}") for item in as_sequence(node, what).items)
    refuse_repeats(words, what)
    return words


def as_words(node: Node, what: str) -> tuple[Word, ...]:
    """A list of different texts (field names keep any spelling)."""
    words = tuple(as_text(item, f"a member of {what}") for item in as_sequence(node, what).items)
    refuse_repeats(words, what)
    return words


def refuse_repeats(words: Iterable[Word], what: str) -> None:
    """Refuse a list that names the same thing twice."""
    seen: set[str] = set()
    for word in words:
        if word.text in seen:
            raise FlowDuplicateName(f"{what} names {word.text[:40]!r} twice", line=word.line)
        seen.add(word.text)
