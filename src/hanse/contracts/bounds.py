"""Bounded types shared by the messages and records of all contracts.

Nothing on the ledger is unbounded: every string, list and integer carries its limit in its
type, so an oversized payload is refused while it is decoded, before any handler runs.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

MAX_POINTS = 10**15
"""Largest amount of one message and largest supply; sums stay exact in canonical JSON."""
MAX_MS = 2**53 - 1

Did = Annotated[str, Meta(pattern=r"^did:hanse:[a-z2-7]{32}\Z", max_length=42)]
OptionalDid = Annotated[str, Meta(pattern=r"^(did:hanse:[a-z2-7]{32})?\Z", max_length=42)]
Identifier = Annotated[str, Meta(pattern=r"^[a-z]{2,8}-[a-z2-7]{26}\Z", max_length=35)]
OptionalIdentifier = Annotated[str, Meta(pattern=r"^([a-z]{2,8}-[a-z2-7]{26})?\Z", max_length=35)]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z", max_length=64)]
OptionalDigest = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z", max_length=64)]
Hex = Annotated[str, Meta(pattern=r"^([0-9a-f]{2})*\Z", max_length=2048)]
KeyId = Annotated[str, Meta(pattern=r"^#[A-Za-z0-9_-]{1,32}\Z", max_length=33)]
Slug = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}\Z", max_length=64)]
"""A name inside a flow or vocabulary: alias, step, data name, operator, evidence kind."""
OperatorTerm = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}(:[a-z][a-z0-9_]{0,39}@[0-9]{1,6}(\.[0-9]{1,6}){2})?\Z",
        max_length=128,
    ),
]
"""An operator in a grant's terms; for members' algorithms also which: ``algorithm:name@1.0.0``."""
Code = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_.-]{0,79}\Z", max_length=80)]
"""A stable error code or phase, ``room.what``."""
Reference = Annotated[
    str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}(\.[A-Za-z_][A-Za-z0-9_-]{0,63})?\Z")
]
"""``data-name`` or ``step.port``."""
Title = Annotated[str, Meta(min_length=1, max_length=200)]
Short = Annotated[str, Meta(max_length=500)]
Text = Annotated[str, Meta(max_length=4000)]
Term = Annotated[str, Meta(min_length=1, max_length=100)]
"""A keyword, purpose or column name; any script."""

Points = Annotated[int, Meta(ge=0, le=MAX_POINTS)]
PositivePoints = Annotated[int, Meta(ge=1, le=MAX_POINTS)]
TimeMs = Annotated[int, Meta(ge=0, le=MAX_MS)]
Count = Annotated[int, Meta(ge=0, le=MAX_MS)]
Level = Annotated[int, Meta(ge=1, le=5)]
"""Sensitivity level 1 (public) to 5 (highest), JR/T 0197-2020."""
