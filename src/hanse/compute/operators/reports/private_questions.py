"""What a private report asks: bounds and categories, all of them parameters, none from data."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from hanse.compute.errors import BadParameter
from hanse.compute.operators.reports.errors import TooManyGroups

HALF = 1 << 20
"""Whole numbers from the middle of a column's bounds to either bound."""
OTHER = "other"


class Bounded(msgspec.Struct, frozen=True):
    """A number column and the bounds its values are clipped to."""

    name: str
    low: float
    high: float

    @property
    def middle(self) -> float:
        """Half way between the bounds; missing values count as this."""
        return self.low / 2 + self.high / 2

    @property
    def step(self) -> float:
        """What one whole number stands for."""
        return (self.high / 2 - self.low / 2) / HALF


class Grouping(msgspec.Struct, frozen=True):
    """A group column and its categories; the last one is ``other``."""

    name: str
    categories: list[str]


class Questions(msgspec.Struct, frozen=True):
    """All of a private report."""

    columns: list[Bounded]
    by: list[Grouping]

    @property
    def cells(self) -> int:
        """Groups of the report: every combination of categories, seen in the data or not."""
        return math.prod(len(each.categories) for each in self.by)

    @property
    def sensitivities(self) -> list[tuple[str, int]]:
        """Name and L1 sensitivity of the families of values, when one row is replaced.

        A row leaves one group and enters another, so counts change by 2. Sums are of distances
        to the middle, at most `HALF` each: replaced within a group or across, by 2·`HALF`.
        Without groups the number of rows is known anyway and not among them.
        """
        counts = [("", 2)] if self.by else []
        return [*counts, *((column.name, 2 * HALF) for column in self.columns)]


def read_questions(columns: Sequence[str], by: Sequence[str], most: int) -> Questions:
    """Read the parameters ``columns`` (name:low:high) and ``by`` (name:category,category).

    Raises:
        BadParameter: nothing is asked for, or a text has another form.
        TooManyGroups: more than ``most`` combinations of categories.
    """
    questions = Questions([_bounded(text) for text in columns], _groupings(by))
    names = [each.name for each in questions.columns]
    if len(set(names)) != len(names):
        raise BadParameter("'columns' names a column twice")
    if not questions.columns and not questions.by:
        raise BadParameter("a private report needs 'columns', 'by' or both")
    if questions.cells > most:
        raise TooManyGroups("the categories have more combinations than the report may have")
    return questions


def _bounded(text: str) -> Bounded:
    name, *bounds = text.rsplit(":", 2)
    try:
        low, high = map(float, bounds)
    except ValueError:
        raise BadParameter("'columns' holds name:low:high with two numbers as bounds") from None
    inside = all(math.isfinite(each) and abs(each) <= 1e300 for each in (low, high))
    if not (name and inside and low < high):
        raise BadParameter("'columns' needs bounds with the lower one first, within ±1e300")
    bounded = Bounded(name, low, high)
    if not bounded.step > 0.0:
        raise BadParameter("'columns' needs bounds that are further apart")
    return bounded


def _groupings(texts: Sequence[str]) -> list[Grouping]:
    """A column that is named several times has the categories of all its texts."""
    found: dict[str, list[str]] = {}
    for text in texts:
        name, colon, listed = text.rpartition(":")
        categories = [each.strip() for each in listed.split(",")]
        if not (name and colon and all(categories)):
            raise BadParameter("'by' holds name:category,category with every category that counts")
        found.setdefault(name, []).extend(categories)
    for categories in found.values():
        if len(set(categories)) != len(categories) or OTHER in categories:
            raise BadParameter(f"'by' names a category twice, or {OTHER!r}, which is always there")
    return [Grouping(name, [*categories, OTHER]) for name, categories in found.items()]
