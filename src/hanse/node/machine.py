"""What this machine has to lend to tasks."""

from __future__ import annotations

import os
from pathlib import Path

_LENT_QUARTERS = 3
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


def lendable_memory_bytes() -> int:
    """Three quarters of the memory of the machine, or of its container when that is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(total, _container_limit() or total) // 4 * _LENT_QUARTERS


def _container_limit() -> int:
    try:
        text = _CGROUP_LIMIT.read_text("ascii").strip()
    except OSError:
        return 0
    return int(text) if text.isdigit() else 0
