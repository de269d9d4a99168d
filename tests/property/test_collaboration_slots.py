"""Slots of several nodes never wait for each other in a circle."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.collaboration.engine.slots import Slots, Turn

Task = tuple[set[int], list[int], int, int]  # nodes, order of arrival, priority, memory


async def run(limits: list[tuple[int, int]], tasks: list[Task]) -> int:
    """Run tasks over nodes: each needs a slot and memory at all its nodes before it starts."""
    nodes = [Slots(slots, memory) for slots, memory in limits]
    done = 0

    async def at(node: int, name: str, turn: Turn, memory: int, all_in: asyncio.Barrier) -> None:
        await nodes[node].acquire(name, turn, memory)
        await all_in.wait()
        await nodes[node].start(name, turn)
        await asyncio.sleep(0)
        await nodes[node].release(name)

    async def task(number: int, parties: set[int], order: list[int], *asked: int) -> None:
        priority, memory = asked
        name, all_in = f"t{number}", asyncio.Barrier(len(parties))
        turn, arrivals = (-priority, number, name, "s"), []
        for node in sorted(parties, key=lambda n: order[n]):
            arrivals.append(asyncio.ensure_future(at(node, name, turn, memory, all_in)))
            await asyncio.sleep(0)
        await asyncio.gather(*arrivals)
        nonlocal done
        done += 1

    async with asyncio.timeout(5):
        await asyncio.gather(*(task(number, *asked) for number, asked in enumerate(tasks)))
    assert all(slots.held == slots.waiting == 0 for slots in nodes)
    return done


NODES = 3
TASK = st.tuples(
    st.sets(st.integers(0, NODES - 1), min_size=1, max_size=NODES),
    st.permutations(list(range(NODES))),
    st.integers(1, 9),
    st.integers(0, 3),
)
LIMITS = st.tuples(st.integers(1, 2), st.integers(0, 3))


@settings(max_examples=40, deadline=None)
@given(st.lists(LIMITS, min_size=NODES, max_size=NODES), st.lists(TASK, max_size=6))
def test_every_task_runs_whatever_order_it_reaches_the_nodes_in(
    limits: list[tuple[int, int]], tasks: list[Task]
) -> None:
    assert asyncio.run(run(limits, tasks)) == len(tasks)
