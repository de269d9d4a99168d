"""Walking through lists page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from hanse.api.base import Page

T = TypeVar("T")
PAGE_SIZE = 200


def iterate(list_: Callable[..., Page[T]], *args: Any, **filters: Any) -> Iterator[T]:
    """Every item of a list operation, fetching pages as needed.

    Example:
        ``for dataset in iterate(client.catalogue.datasets, q="credit"): …``
    """
    after: str | None = None
    while True:
        page = list_(*args, **{"limit": PAGE_SIZE, **filters}, after=after)
        yield from page.items
        if not page.next:
            return
        after = page.next
