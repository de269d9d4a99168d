"""YAML text to plain nodes with positions; everything a flow does not need is refused.

Only mappings, sequences and scalars pass. Anchors, aliases, tags and merge keys are refused
(an alias can make a small text expand without bound; a tag can name a type), duplicate keys
are refused (YAML 1.2, section 3.2.1.3, demands it, libraries ignore it), and scalars stay
text: what ``0.10``, ``no`` or ``2020`` means is decided by what is expected there.
"""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from hanse.collaboration.language.errors import (
    FlowAliasRefused,
    FlowDuplicateKey,
    FlowMissingKey,
    FlowNotYaml,
    FlowTooDeep,
    FlowTooLarge,
    FlowWrongType,
)

MAX_BYTES = 64 * 1024
MAX_DEPTH = 8


@dataclass(frozen=True)
class Scalar:
    """One scalar as written; ``plain`` is False when it was quoted or a block."""

    text: str
    plain: bool
    line: int
    column: int = 0


@dataclass(frozen=True)
class Sequence:
    """A list of nodes."""

    items: tuple[Node, ...]
    line: int
    column: int = 0


@dataclass(frozen=True)
class Mapping:
    """A mapping with unique scalar keys, in the order written."""

    entries: dict[str, Node]
    keys: dict[str, Scalar]
    line: int
    column: int = 0


Node = Scalar | Sequence | Mapping


def parse_source(text: str) -> Mapping:
    """Parse one YAML document whose root is a mapping.

    Args:
        text: at most 64 KiB of UTF-8.

    Raises:
        FlowTooLarge, FlowNotYaml, FlowAliasRefused, FlowTooDeep, FlowDuplicateKey,
        FlowWrongType: with the line.
    """
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise FlowTooLarge()
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            builder.take(event)
    except yaml.YAMLError as error:
        raise _syntax_error(error) from error
    if builder.root is None:
        raise FlowMissingKey("the flow is empty")
    if not isinstance(builder.root, Mapping):
        raise FlowWrongType("a flow is a mapping of keys to values", line=builder.root.line)
    return builder.root


def _syntax_error(error: yaml.YAMLError) -> FlowNotYaml:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "characters that YAML does not allow"
    if mark is None:
        return FlowNotYaml(str(problem))
    return FlowNotYaml(str(problem), line=mark.line + 1, column=mark.column + 1)


class _Open:
    """A collection being filled."""

    def __init__(self, kind: str, line: int, column: int) -> None:
        self.kind = kind
        self.line = line
        self.column = column
        self.items: list[Node] = []
        self.keys: dict[str, Scalar] = {}
        self.entries: dict[str, Node] = {}
        self.pending: Scalar | None = None

    def add(self, node: Node) -> None:
        if self.kind == "sequence":
            self.items.append(node)
        elif self.pending is None:
            self.pending = self._new_key(node)
        else:
            self.keys[self.pending.text] = self.pending
            self.entries[self.pending.text] = node
            self.pending = None

    def _new_key(self, node: Node) -> Scalar:
        if not isinstance(node, Scalar):
            raise FlowWrongType("a key is a plain word", line=node.line, column=node.column)
        if node.plain and node.text == "<<":
            raise FlowAliasRefused(line=node.line, column=node.column)
        if node.text in self.keys:
            first = self.keys[node.text].line
            raise FlowDuplicateKey(
                f"the key {node.text[:40]!r} stands here and on line {first}",
                line=node.line,
                column=node.column,
            )
        return node

    def close(self) -> Node:
        if self.kind == "sequence":
            return Sequence(tuple(self.items), self.line, self.column)
        return Mapping(self.entries, self.keys, self.line, self.column)


class _Builder:
    """Turns the event stream into nodes without recursion, so that depth cannot hurt."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self._stack: list[_Open] = []
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        mark = event.start_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise FlowNotYaml("one document per text", line=line)
        elif isinstance(event, yaml.AliasEvent):
            raise FlowAliasRefused(line=line, column=column)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            _refuse_decoration(event, line, column)
            if len(self._stack) >= MAX_DEPTH:
                raise FlowTooDeep(line=line, column=column)
            kind = "mapping" if isinstance(event, yaml.MappingStartEvent) else "sequence"
            self._stack.append(_Open(kind, line, column))
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._add(self._stack.pop().close())
        elif isinstance(event, yaml.ScalarEvent):
            _refuse_decoration(event, line, column)
            self._add(Scalar(str(event.value), event.style is None, line, column))

    def _add(self, node: Node) -> None:
        if self._stack:
            self._stack[-1].add(node)
        else:
            self.root = node


def _refuse_decoration(event: yaml.NodeEvent, line: int, column: int) -> None:
    tag = getattr(event, "tag", None)
    if event.anchor is not None or tag is not None:
        raise FlowAliasRefused(line=line, column=column)
