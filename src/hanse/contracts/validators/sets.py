"""Sets of validators by height: looking them up, and deciding the one of two blocks later."""

from __future__ import annotations

from collections.abc import Sequence

from hanse.contracts.validators.errors import NoValidators
from hanse.contracts.validators.events import ValidatorSetChanged
from hanse.contracts.validators.types import NEWEST, SETS, NewestSet, SetRecord
from hanse.core.errors import InternalError
from hanse.ledger.contract.contract import Context
from hanse.ledger.contract.state import StateReader
from hanse.ledger.validators import ACTIVATION_DELAY, Validator


def newest(state: StateReader) -> SetRecord | None:
    """The set decided last, in force or about to be; None in an embedded network."""
    pointer = NEWEST.get(state)
    return None if pointer is None else _set(state, pointer.from_height)


def at(state: StateReader, height: int) -> SetRecord | None:
    """The set that votes on block ``height``; None in an embedded network.

    Walks back from the newest set, so it is quick for the heights around the present.
    """
    record = newest(state)
    while record is not None and record.from_height > height and record.previous is not None:
        record = _set(state, record.previous)
    return record


def changes(state: StateReader, height: int) -> list[int]:
    """Heights up to ``height`` from which a set after the first votes, ascending."""
    record = at(state, height)
    found = []
    while record is not None and record.previous is not None:
        found.append(record.from_height)
        record = _set(state, record.previous)
    return found[::-1]


def begin(ctx: Context, validators: Sequence[Validator]) -> None:
    """Write the first set, which votes from the first block on."""
    first = SetRecord(from_height=0, validators=sorted(validators, key=lambda v: v.did))
    SETS.put(ctx.state, first, 0)
    NEWEST.put(ctx.state, NewestSet(from_height=0))


def require_decided(ctx: Context) -> list[Validator]:
    """The set decided last, which every change builds on and whose power counts for it.

    Raises:
        NoValidators: in an embedded network.
    """
    record = newest(ctx.state)
    if record is None:
        raise NoValidators()
    return record.validators


def decide(ctx: Context, validators: Sequence[Validator]) -> int:
    """Let a set vote from two blocks later on; several of one block become one.

    Returns:
        The height from which it votes.
    """
    from_height = ctx.height + ACTIVATION_DELAY
    before = newest(ctx.state)
    if before is None:
        raise NoValidators()
    previous = before.previous if before.from_height == from_height else before.from_height
    ordered = sorted(validators, key=lambda v: v.did)
    record = SetRecord(from_height=from_height, validators=ordered, previous=previous)
    SETS.put(ctx.state, record, from_height)
    NEWEST.put(ctx.state, NewestSet(from_height=from_height))
    ctx.emit(ValidatorSetChanged(from_height=from_height, validators=ordered))
    return from_height


def votes_soon(ctx: Context, did: str) -> bool:
    """Whether a member votes on this block or one of the next."""
    heights = range(ctx.height, ctx.height + ACTIVATION_DELAY + 1)
    records = [at(ctx.state, height) for height in heights]
    return any(v.did == did for r in records if r is not None for v in r.validators)


def _set(state: StateReader, from_height: int) -> SetRecord:
    record = SETS.get(state, from_height)
    if record is None:
        raise InternalError(f"the set of validators of height {from_height} is missing")
    return record
