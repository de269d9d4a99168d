"""The rounds of a service: the receiver asks, every party's node says yes, all compute.

In each round 1. the receiver tells the others its ticket, and where ids are looked up by their
owners the ids; 2. every party checks its own part and asks its own node, which counts; 3. all
tell each other the verdicts; 4. unless one refused, the result is computed and opened.

**Leaks**: a refusal is seen by all parties, with its code and the party it comes from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from hanse.compute.errors import BadInput
from hanse.compute.services.errors import TooManyKeys
from hanse.compute.worker.serving import Answered, Close, Declined, Query, Refused
from hanse.core.errors import HanseError

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.services.desk import Desk
    from hanse.compute.worker.task import Task

Keys = Sequence[Sequence[str]]


class Asked(msgspec.Struct, frozen=True):
    """What the receiver tells the others of a round; no ticket is its farewell."""

    ticket: str = ""
    uses: int = 0
    keys: list[list[str]] = []


class Said(msgspec.Struct, frozen=True):
    """A party's verdict on a round: its node's receipt if that counted, an error if there is."""

    receipt: str = ""
    code: str = ""
    message: str = ""


class Side(Protocol):
    """One party's part of a kind of service."""

    at_once: int
    """Keys in a round at most."""
    tells_keys: bool
    """Whether the receiver tells the others which keys it asks for."""

    def check(self, keys: Keys) -> None:
        """Refuse keys this party cannot answer for, before anything leaves it."""
        ...

    def answer(self, uses: int, keys: Keys) -> list[Any]:
        """Compute; one row for each key at the receiver, nothing elsewhere."""
        ...

    def rest(self) -> None:
        """Prepare for later rounds while nobody asks."""
        ...


def run_rounds(task: Task, desk: Desk, link: Link, side: Side) -> None:
    """Go on until the receiver's node closes the service."""
    receiver = task.parties("receiver")[0]
    if task.me == receiver:
        _lead(task, desk, link, side)
    else:
        _follow(task, desk, link, side, receiver)
    task.finish()


def _lead(task: Task, desk: Desk, link: Link, side: Side) -> None:
    while True:
        if desk.is_idle:
            side.rest()
        command = desk.next()
        if isinstance(command, Close):
            _tell(link, Asked())
            return
        if not isinstance(command, Query):
            raise BadInput("the node sent a command that is no query")
        told = command.keys if side.tells_keys else []
        _tell(link, Asked(command.ticket, len(command.keys), told))
        said = _said(side, len(command.keys), command.keys)
        verdicts = _exchange(link, said)
        receipts = {alias: one.receipt for alias, one in verdicts.items() if one.receipt}
        refusal = _refusal(verdicts)
        if refusal is not None:
            alias, one = refusal
            desk.say(Declined(command.number, one.code, one.message, alias, receipts))
            continue
        rows = side.answer(len(command.keys), command.keys)
        desk.say(Answered(command.number, rows, receipts))


def _follow(task: Task, desk: Desk, link: Link, side: Side, receiver: str) -> None:
    while True:
        asked = _received(link.receive(receiver))
        if not asked.ticket:
            return
        verdicts = _exchange(link, _admitted(desk, side, asked))
        if _refusal(verdicts) is None:
            side.answer(asked.uses, asked.keys)


def _admitted(desk: Desk, side: Side, asked: Asked) -> Said:
    """This party's verdict: counted by its node first, then checked."""
    if side.tells_keys and len(asked.keys) != asked.uses:
        raise BadInput("the receiver asks for another number of ids than it says")
    verdict = desk.admit(asked.ticket)
    if isinstance(verdict, Refused):
        return Said("", verdict.code, verdict.message)
    said = _said(side, asked.uses, asked.keys)
    return msgspec.structs.replace(said, receipt=verdict.receipt)


def _said(side: Side, uses: int, keys: Keys) -> Said:
    try:
        if not 0 < uses <= side.at_once:
            raise TooManyKeys(f"a round takes 1 to {side.at_once} keys")
        side.check(keys)
    except HanseError as error:
        return Said("", error.code, error.message)
    return Said()


def _tell(link: Link, asked: Asked) -> None:
    data = msgspec.msgpack.encode(asked)
    for alias in link.aliases:
        if alias != link.me:
            link.send(alias, data)


def _received(data: bytes) -> Asked:
    try:
        return msgspec.msgpack.decode(data, type=Asked)
    except msgspec.DecodeError as error:
        raise BadInput("what the receiver sent is no round") from error


def _exchange(link: Link, said: Said) -> dict[str, Said]:
    try:
        told = link.exchange(msgspec.to_builtins(said))
        return {alias: msgspec.convert(one, Said) for alias, one in told.items()}
    except msgspec.ValidationError as error:
        raise BadInput("what a party sent is no verdict") from error


def _refusal(verdicts: dict[str, Said]) -> tuple[str, Said] | None:
    return next(((alias, one) for alias, one in verdicts.items() if one.code), None)
