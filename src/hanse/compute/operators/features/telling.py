"""What owners tell the receivers, and nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hanse.compute.errors import BadInput

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.worker.task import Task


def gather(task: Task, link: Link, mine: Any) -> dict[str, Any]:
    """Owners send a JSON value to every receiver.

    Args:
        task: the task.
        link: the data link.
        mine: this owner's value; ignored at a party that owns nothing.

    Returns:
        At a receiver, the values by owner; empty elsewhere.

    Raises:
        BadInput: when what came is no JSON.
    """
    task.phase("report")
    if task.is_in("owner"):
        for alias in task.parties("receiver"):
            if alias != task.me:
                link.send(alias, msgspec.json.encode(mine))
    if not task.is_in("receiver"):
        return {}
    return {a: mine if a == task.me else receive(link, a) for a in task.parties("owner")}


def receive(link: Link, alias: str) -> Any:
    """A JSON value another party sent.

    Raises:
        BadInput: when it is none.
    """
    try:
        return msgspec.json.decode(link.receive(alias))
    except msgspec.DecodeError as error:
        raise BadInput(f"what {alias} sent does not decode") from error
