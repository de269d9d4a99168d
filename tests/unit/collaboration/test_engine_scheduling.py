"""Priorities, memory reserved before a task starts, and time left."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.collaboration.engine.errors import MemoryNeeded
from hanse.collaboration.engine.records import ProgressRow
from hanse.collaboration.engine.sizes import (
    Size,
    memory_needed,
    refuse_too_large,
    rounded,
    size_of,
)
from hanse.collaboration.engine.slots import Slots, Turn
from hanse.compute.operators import get_operator


def turn(priority: int, age: int) -> Turn:
    return -priority, age, f"flow-{age}", "step"


async def entered(waiting: asyncio.Future[None]) -> bool:
    await asyncio.sleep(0.01)
    return waiting.done()


async def test_higher_priority_gets_the_next_free_slot_though_it_came_later() -> None:
    slots = Slots(1)
    await slots.acquire("first", turn(5, 1))
    await slots.start("first", turn(5, 1))
    usual = asyncio.ensure_future(slots.acquire("usual", turn(5, 2)))
    urgent = asyncio.ensure_future(slots.acquire("urgent", turn(9, 3)))
    await asyncio.sleep(0)
    assert (slots.place("urgent"), slots.place("usual"), slots.place("first")) == (1, 2, 0)
    await slots.release("first")
    await asyncio.wait_for(urgent, 60)
    await slots.start("urgent", turn(9, 3))
    assert not await entered(usual)
    await slots.release("urgent")
    await asyncio.wait_for(usual, 60)


async def test_task_waits_for_memory_though_a_slot_is_free() -> None:
    slots = Slots(4, memory_bytes=100)
    await slots.acquire("a", turn(5, 1), 60)
    await slots.start("a", turn(5, 1))
    waiting = asyncio.ensure_future(slots.acquire("b", turn(5, 2), 41))
    assert not await entered(waiting)
    assert (slots.reserved_bytes, slots.reservation("b"), slots.reservation("a")) == (60, 41, 60)
    await slots.release("a")
    await asyncio.wait_for(waiting, 60)
    await slots.acquire("c", turn(5, 3), 59)
    assert (slots.reserved_bytes, slots.held) == (100, 2)


@given(st.integers(0, 2**52))
def test_rounded_sizes_have_three_significant_bits_and_are_at_most_a_quarter_larger(
    count: int,
) -> None:
    size = rounded(count)
    assert count <= size <= count + count // 4 + 1
    assert (
        size == 0 or size >> max(0, size.bit_length() - 3) << max(0, size.bit_length() - 3) == size
    )


def test_memory_grows_with_rows_and_values_of_all_parties() -> None:
    operator = get_operator("logistic_regression")
    sizes = [size_of([(1_000, 10)]), size_of([(1_000, 20)]), Size()]
    needed = memory_needed(operator, sizes)
    assert needed == operator.memory.estimate_bytes(1_024, 10_240 + 20_480)
    assert needed <= 800 << 20


def test_step_that_cannot_fit_is_refused_with_the_figure_needed() -> None:
    operator = get_operator("align")
    refuse_too_large(operator, 600 << 20, 0)
    refuse_too_large(operator, 600 << 20, 600 << 20)
    with pytest.raises(MemoryNeeded, match=r"needs 601 MiB .* lends 600 MiB"):
        refuse_too_large(operator, (600 << 20) + 1, 600 << 20)


@pytest.mark.parametrize(
    ("done", "total", "now", "left"),
    [(0, 10, 100, None), (5, 0, 100, None), (5, 10, 100, 100), (5, 10, 140, 60), (10, 10, 900, 0)],
)
def test_time_left_follows_the_pace_so_far(
    done: int, total: int, now: int, left: int | None
) -> None:
    assert ProgressRow("train", done, total, 100, 0).left_ms(now) == left
