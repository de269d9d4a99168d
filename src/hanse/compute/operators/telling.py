"""What owners tell the receivers, and nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hanse.compute.errors import BadInput

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.worker.task import Task


def tell_receivers(task: Task, link: Link, mine: Any, kind: Any = Any) -> dict[str, Any]:
    """Owners send a JSON value to every receiver.

    Args:
        task: the task.
        link: the data link.
        mine: this owner's value; ignored at a party that owns nothing.
        kind: what every owner's value is.

    Returns:
        At a receiver, the values by owner; empty elsewhere.

    Raises:
        BadInput: when what came is of another kind.
    """
    if task.is_in("owner"):
        for alias in task.parties("receiver"):
            if alias != task.me:
                link.send(alias, msgspec.json.encode(mine))
    if not task.is_in("receiver"):
        return {}
    return {a: mine if a == task.me else receive(link, a, kind) for a in task.parties("owner")}


def receive(link: Link, alias: str, kind: Any = Any) -> Any:
    """A JSON value another party sent.

    Raises:
        BadInput: when it is none, or of another kind.
    """
    try:
        return msgspec.json.decode(link.receive(alias), type=kind)
    except msgspec.DecodeError as error:
        raise BadInput(f"what {alias} sent is not what this step expects") from error
