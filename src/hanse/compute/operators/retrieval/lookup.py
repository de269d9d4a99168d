"""Look-ups over a link: first the function at every key, blinded, then a column for each.

The holder answers a number of messages whose sizes depend on the number of keys and the set-up
alone, so it sees the same for keys that hit, miss or repeat.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hanse.compute.engines.link import Link
from hanse.compute.operators.retrieval import database, lwe, prf, records
from hanse.compute.operators.retrieval.errors import BadAnswer
from hanse.compute.operators.retrieval.kernels import Bytes
from hanse.compute.operators.retrieval.service import ServicePart, hint_words
from hanse.crypto.curve25519 import Secret

AT_ONCE = 32
Report = Callable[[int, int], None]
Hit = tuple[int, list[Any]]


def serve(link: Link, asker: str, part: ServicePart, keys: int, report: Report) -> None:
    """The holder's side of looking up so many keys.

    Raises:
        BadPoint, BadAnswer: when the asker sends something of another form.
    """
    blinded = link.receive(asker)
    if len(blinded) != keys * prf.PAIR_BYTES:
        raise BadAnswer("the asker blinds another number of keys than it announced")
    link.send(asker, prf.evaluate(Secret(part.secret), blinded))
    matrix, total = part.matrix, keys * part.terms.matches
    for done in range(0, total, AT_ONCE):
        queries = np.frombuffer(link.receive(asker), "<u4")
        count = min(AT_ONCE, total - done)
        if len(queries) != count * part.shape.columns:
            raise BadAnswer("the asker sends another number of queries than it announced")
        answers = lwe.answer(matrix, queries.reshape(count, -1))
        link.send(asker, answers.tobytes())
        report(done + count, total)


class Stock:
    """Secrets for queries, with all that does not depend on what will be asked.

    Args:
        part: the asker's part of a set-up.
    """

    def __init__(self, part: ServicePart) -> None:
        self._matrix = lwe.expand(part.seed, part.shape.columns)
        self._hint = hint_words(part)
        self._ready: list[lwe.Prepared] = []

    def take(self, count: int) -> list[lwe.Prepared]:
        """So many secrets, each given out once; made now if there are too few."""
        missing = count - len(self._ready)
        if missing > 0:
            self._ready += lwe.prepare(self._matrix, self._hint, missing)
        taken, self._ready = self._ready[:count], self._ready[count:]
        return taken

    def fill(self) -> None:
        """Make secrets ahead, as many as a batch has."""
        missing = AT_ONCE - len(self._ready)
        if missing >= AT_ONCE // 4:
            self._ready += lwe.prepare(self._matrix, self._hint, missing)


def ask(
    link: Link,
    holder: str,
    part: ServicePart,
    keys: Sequence[bytes],
    report: Report,
    stock: Stock | None = None,
) -> list[Hit]:
    """The asker's side: which key (by place) was found, and the values of its row.

    Raises:
        BadPoint, BadAnswer: when the holder sends something of another form.
    """
    wanted = _outputs(link, holder, part, keys)
    stock = stock or Stock(part)
    hits: list[Hit] = []
    for start in range(0, len(wanted), AT_ONCE):
        batch = wanted[start : start + AT_ONCE]
        columns = _columns(link, holder, part, stock.take(len(batch)), batch)
        for (place, output), column in zip(batch, columns, strict=True):
            record = database.find(column, output, part.shape)
            if record is not None:
                hits.append((place, records.decode_record(record, part.terms.columns)))
        report(start + len(batch), len(wanted))
    return hits


def _outputs(
    link: Link, holder: str, part: ServicePart, keys: Sequence[bytes]
) -> list[tuple[int, bytes]]:
    """The function at each key and number, with the key's place."""
    blinded = [prf.blind(key) for key in keys]
    link.send(holder, b"".join(one.sent for one in blinded))
    evaluated = link.receive(holder)
    if len(evaluated) != len(keys) * prf.PAIR_BYTES:
        raise BadAnswer("the holder evaluates another number of keys than asked")
    size = database.output_bytes(part.shape.record)
    outputs = []
    for place, (key, one) in enumerate(zip(keys, blinded, strict=True)):
        start = place * prf.PAIR_BYTES
        point = prf.unblind(one, evaluated[start : start + prf.PAIR_BYTES])
        for number in range(part.terms.matches):
            outputs.append((place, prf.output_of(key, point, number, size)))
    return outputs


def _columns(
    link: Link,
    holder: str,
    part: ServicePart,
    prepared: Sequence[lwe.Prepared],
    batch: Sequence[tuple[int, bytes]],
) -> list[Bytes]:
    """The decoded columns in which the records of a batch lie, if anywhere."""
    queries = [
        lwe.query(one, database.column_of(output, part.shape.columns))
        for one, (_, output) in zip(prepared, batch, strict=True)
    ]
    link.send(holder, np.stack(queries).tobytes())
    answers = np.frombuffer(link.receive(holder), "<u4")
    if len(answers) != len(batch) * part.shape.height:
        raise BadAnswer("the holder sends another number of answers than asked")
    rows = answers.reshape(len(batch), -1)
    return [lwe.decode(one, row) for one, row in zip(prepared, rows, strict=True)]
