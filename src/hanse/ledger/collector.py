"""How often Python looks for cycles of garbage, in a process that executes blocks."""

from __future__ import annotations

import gc

_THRESHOLDS = (100_000, 20, 100)


def relax_collector() -> None:
    """Look for cycles less often, and never among what stands already.

    A block makes thousands of short-lived objects without cycles; by default the collector
    would walk them every 700 allocations, about a tenth of a transaction's cost. Call it once a
    process has loaded what it keeps.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
