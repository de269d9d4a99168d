"""A joint query through the product, beside SPU alone and beside DuckDB in plaintext.

Usage: ``python bench/sql.py [--rows 100000] [--columns 50] [--protocol aby3|cheetah]``

Two parties with aligned tables; the query filters at both, multiplies columns of both, groups by
keys of both and aggregates. *SPU alone* runs the same program with the same protocol and
settings between processes on this machine, shares made and set beforehand; *aggregate* is that
part of the product, *task* adds reading, local SQL, sharing, opening and storing. Compilation is
counted apart.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import numpy as np
import pyarrow as pa

from alone import run_alone
from hanse.compute.engines.link import Link
from hanse.compute.engines.programs import Input, Program
from hanse.compute.engines.shares import Sharing
from hanse.compute.engines.spu import Machine
from hanse.compute.operators.reports import cells
from hanse.compute.operators.reports.encoding import Encoding
from hanse.compute.operators.reports.group_labels import own_groups
from hanse.compute.operators.reports.leaves import formed, measure
from hanse.compute.operators.reports.local import evaluate
from hanse.compute.operators.reports.plan import make_plan
from hanse.compute.operators.reports.query import read_query
from hanse.compute.rehearsal import Rehearsal
from hanse.data.batches import ArrowTable

QUERY = (
    "SELECT education, segment, count(*) AS n, avg(b0) AS income, sum(s0) AS spend, "
    "sum(b1 * s1) AS joint FROM bank JOIN shop ON bank.id = shop.no "
    "WHERE b2 > -2 AND s2 > -2 GROUP BY education, segment ORDER BY education, segment"
)
MINIMUM_GROUP = 10


def roles(protocol: str) -> Any:
    """Both owners compute; under ABY3 a third node helps."""
    both = {"bank": ["owner", "compute", "receiver"], "shop": ["owner", "compute"]}
    return both | ({"helper": ["compute"]} if protocol == "aby3" else {})


def tables(rows: int, columns: int) -> dict[str, Any]:
    """Aligned tables with half of the columns each."""
    rng = np.random.default_rng(1)
    bank = {"id": np.arange(rows), "education": rng.integers(0, 5, rows)}
    shop = {"no": np.arange(rows), "segment": rng.integers(0, 4, rows)}
    bank |= {f"b{n}": rng.normal(size=rows) for n in range(max(3, columns // 2))}
    shop |= {f"s{n}": rng.normal(size=rows) for n in range(max(3, columns // 2))}
    return {"bank": pa.table(bank), "shop": pa.table(shop)}


def load() -> Any:
    """The function to compile."""
    from hanse.compute.operators.reports.cells_program import cells as program

    return program


def prepared(held: dict[str, Any]) -> tuple[dict[str, Any], Program]:
    """What the owners would share, and the program."""
    sources = {owner: ArrowTable(table) for owner, table in held.items()}
    schema = {o: {c.name: c.type for c in source.columns} for o, source in sources.items()}
    plan = make_plan(read_query(QUERY, schema), schema)
    values: dict[str, list[Any]] = {}
    facts = []
    for leaf in plan.leaves:
        found = formed(leaf, evaluate(sources[leaf.owner], [leaf.node])[0])
        values.setdefault(leaf.owner, []).append(found)
        facts.append(measure(leaf, found))
    encoding = Encoding(plan, facts, sources["bank"].rows)
    groups = {o: own_groups(source, plan, o, MINIMUM_GROUP) for o, source in sources.items()}
    sizes = {owner: group.count for owner, group in groups.items()}
    layout, _, widths = cells.make_layout(encoding, sizes, MINIMUM_GROUP)
    arrays = {f"groups-{owner}": group.members() for owner, group in groups.items()}
    for owner in widths:
        arrays |= encoding.arrays(owner, values[owner])
    rows = -(-encoding.rows // layout.block) * layout.block
    arrays = {
        name: np.pad(array, ((0, rows - len(array)), (0, 0))) for name, array in arrays.items()
    }
    program = Program(
        name="bench-cells",
        load=load,
        static={"plan": msgspec.json.encode(layout).decode()},
        inputs=[Input(name, "int64", array.shape) for name, array in arrays.items()],
        outputs=list(cells.RESULTS),
        release="bench",
    )
    return arrays, program


def aggregated(
    link: Link, protocol: str, fields: dict[str, Any], shares: dict[str, bytes]
) -> tuple[float, float]:
    """Seconds to compile and to run of one node of SPU alone."""
    machine = Machine(protocol, link, "")
    for name, share in shares.items():
        machine.put(name, share)
    start = time.perf_counter()
    ready, _ = machine.load(Program(load=load, **fields))
    compiled = time.perf_counter()
    machine.run(ready)
    return compiled - start, time.perf_counter() - compiled


def raw(folder: Path, protocol: str, held: dict[str, Any]) -> tuple[float, float]:
    """Seconds to compile and to run with SPU alone, the slowest node's."""
    arrays, program = prepared(held)
    sharing = Sharing(protocol)
    split = {name: sharing.split(array) for name, array in arrays.items()}
    fields = {
        name: getattr(program, name) for name in ("name", "static", "inputs", "outputs", "release")
    }
    given = [
        (protocol, fields, {name: shares[rank] for name, shares in split.items()})
        for rank in range(sharing.nodes)
    ]
    seconds = run_alone(folder, roles(protocol), aggregated, given)
    return max(c for c, _ in seconds), max(t for _, t in seconds)


async def product(
    folder: Path, protocol: str, held: dict[str, Any]
) -> tuple[dict[str, float], Any]:
    """Seconds by phase, the slowest party's, and the result."""
    rehearsal = Rehearsal(folder)
    inputs = {
        "bank": rehearsal.enter(held["bank"], key_columns=["id"]),
        "shop": rehearsal.enter(held["shop"], key_columns=["no"]),
    }
    parameters = {"query": QUERY, "minimum_group": MINIMUM_GROUP}
    done = await rehearsal.run("sql", roles(protocol), {"table": inputs}, parameters)
    for outcome in done.values():
        if outcome.error:
            raise outcome.error
    parts = [outcome.result.measures["seconds"] for outcome in done.values() if outcome.result]
    names = list(dict.fromkeys(name for part in parts for name in part))
    slow = {name: max(part.get(name, 0.0) for part in parts) for name in names}
    return slow, rehearsal.table(done["bank"].outputs["result"]).to_arrow()


def plaintext(held: dict[str, Any]) -> tuple[float, list[Any]]:
    """Seconds of DuckDB on both tables, and its answer."""
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        for name, table in held.items():
            connection.register(name, table)
        start = time.perf_counter()
        found = connection.execute(QUERY).fetchall()
        return time.perf_counter() - start, found


def main() -> None:
    """Run all three on the same tables and print the seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=50)
    parser.add_argument("--protocol", default="aby3")
    options = parser.parse_args()
    held = tables(options.rows, options.columns)
    with tempfile.TemporaryDirectory() as place:
        phases, result = asyncio.run(product(Path(place) / "product", options.protocol, held))
        compiled, alone = raw(Path(place) / "raw", options.protocol, held)
    plain, expected = plaintext(held)
    for row, wanted in zip(result.to_pylist(), expected, strict=True):
        assert np.allclose(list(row.values()), [float(v) for v in wanted], rtol=1e-4), (row, wanted)
    task = sum(phases[name] for name in phases if name not in {"start", "connect", "compile"})
    print(", ".join(f"{name} {seconds:.2f}" for name, seconds in phases.items()))
    print(
        f"{options.protocol}, {options.rows} × {options.columns}: SPU alone {alone:.2f} s "
        f"(compile {compiled:.2f}), aggregate {phases['aggregate']:.2f} s, ratio "
        f"{phases['aggregate'] / alone:.2f}; task {task:.2f} s; DuckDB in plaintext {plain:.3f} s"
    )


if __name__ == "__main__":
    main()
