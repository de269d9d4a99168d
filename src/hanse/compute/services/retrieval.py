"""Private look-ups in a table that was set up once.

**Leaks**: the holder learns how many keys are asked and when; which keys, and whether they were
found, it does not learn. The asker learns the payload of its hits and which of its keys are absent.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from hanse.compute.errors import BadInput
from hanse.compute.operators.retrieval import lookup, lwe, records, sides
from hanse.compute.operators.retrieval.service import ServicePart
from hanse.compute.services import AT_ONCE
from hanse.compute.services.keys import normal_request
from hanse.compute.services.rounds import Keys, run_rounds
from hanse.compute.worker.serving import Ready

if TYPE_CHECKING:
    from hanse.compute.services.desk import Desk
    from hanse.compute.worker.task import Task


def serve(task: Task, desk: Desk) -> None:
    """This party's part of the service, until it is closed."""
    side = Asking(task) if task.is_in("receiver") else Holding(task)
    desk.say(Ready())
    run_rounds(task, desk, side.link, side)


class _Retrieving:
    at_once = AT_ONCE["retrieval"]
    tells_keys = False

    def __init__(self, task: Task) -> None:
        self.link = task.link("data", task.participants)
        self.peer = sides.asker_of(task)
        if task.me == self.peer:
            self.peer = sides.holder_of(task)
        held: dict[str, ServicePart] = {}

        def prepare() -> dict[str, Any]:
            held["part"] = part = sides.given_part(task)
            if not (part.hint if task.is_in("receiver") else part.data):
                raise BadInput("this party's part of the set-up is another party's")
            return {"id": part.terms.id}

        facts = task.agree(self.link, prepare)
        if len({fact["id"] for fact in facts.values()}) != 1:
            raise BadInput("the two parts come from different set-ups")
        self.part = held["part"]

    def rest(self) -> None:
        """Nothing to prepare."""


class Holding(_Retrieving):
    """The holder of the table; its kernels are compiled before the first question."""

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        lwe.answer(self.part.matrix, np.zeros((1, self.part.shape.columns), np.uint32))

    def check(self, keys: Keys) -> None:
        """The holder sees no keys."""

    def answer(self, uses: int, keys: Keys) -> list[Any]:
        """Answer so many blinded keys."""
        del keys
        lookup.serve(self.link, self.peer, self.part, uses, _silent)
        return []


class Asking(_Retrieving):
    """The asker; prepares secrets for its next queries while nobody asks."""

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self._stock = lookup.Stock(self.part)
        self._stock.fill()
        self._wanted: list[bytes] = []

    def check(self, keys: Keys) -> None:
        """Refuse keys that cannot be read as the table's."""
        terms = self.part.terms
        if any(len(key) != terms.key_columns for key in keys):
            raise BadInput(f"a key of the table has {terms.key_columns} components")
        texts = normal_request(keys, terms.key_type, terms.case)
        self._wanted = [text.encode() for text in texts]

    def answer(self, uses: int, keys: Keys) -> list[Any]:
        """For each key the rows found, as objects of the payload's columns."""
        del keys
        hits = lookup.ask(self.link, self.peer, self.part, self._wanted, _silent, self._stock)
        table = records.table_of([values for _, values in hits], self.part.terms.columns)
        rows: list[list[dict[str, Any]]] = [[] for _ in range(uses)]
        for (place, _), row in zip(hits, table.to_pylist(), strict=True):
            rows[place].append({name: _plain(value) for name, value in row.items()})
        return rows

    def rest(self) -> None:
        """Prepare secrets."""
        self._stock.fill()


def _plain(value: object) -> object:
    """JSON has no dates: ISO 8601."""
    return value.isoformat() if isinstance(value, (datetime.date, datetime.datetime)) else value


def _silent(_done: int, _total: int) -> None:
    """Rounds are too short to report their progress."""
