"""Slots of several nodes never wait for each other in a circle."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.collaboration.engine.slots import Slots


async def run(limits: list[int], tasks: list[tuple[set[int], list[int]]]) -> int:
    """Run tasks over nodes: each needs a slot at all its nodes before it starts anywhere."""
    nodes = [Slots(limit) for limit in limits]
    done = 0

    async def at(node: int, name: str, age: tuple[int, str, str], all_in: asyncio.Barrier) -> None:
        await nodes[node].acquire(name, age)
        await all_in.wait()
        await nodes[node].start(name, age)
        await asyncio.sleep(0)
        await nodes[node].release(name)

    async def task(number: int, parties: set[int], order: list[int]) -> None:
        name, all_in = f"t{number}", asyncio.Barrier(len(parties))
        arrivals = []
        for node in sorted(parties, key=lambda n: order[n]):
            arrivals.append(asyncio.ensure_future(at(node, name, (number, name, "s"), all_in)))
            await asyncio.sleep(0)
        await asyncio.gather(*arrivals)
        nonlocal done
        done += 1

    async with asyncio.timeout(5):
        await asyncio.gather(*(task(i, parties, order) for i, (parties, order) in enumerate(tasks)))
    assert all(slots.held == slots.waiting == 0 for slots in nodes)
    return done


NODES = 3
TASK = st.tuples(
    st.sets(st.integers(0, NODES - 1), min_size=1, max_size=NODES),
    st.permutations(list(range(NODES))),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 2), min_size=NODES, max_size=NODES), st.lists(TASK, max_size=6))
def test_every_task_runs_whatever_order_it_reaches_the_nodes_in(
    limits: list[int], tasks: list[tuple[set[int], list[int]]]
) -> None:
    assert asyncio.run(run(limits, tasks)) == len(tasks)
