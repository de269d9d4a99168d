"""Aligned tables of a bank and a merchant, good ones and what is bad about data.

Every value is unlikely to stand in a message by chance: `quoted` finds those that do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa

KEY, LABEL = "id", "标签"
INCOME, CITY, SPEND, ORDERS, GRADE = "收入", "城市", "spend", "orders", "等级"
ROWS, MANY_ROWS, CATEGORIES = 67, 1103, 1000
Pair = tuple[pa.Table, pa.Table]
_ODD = (
    "上海·浦东新区",
    "'引号'\"双引号\"",
    "换行\n和制表\t",
    "\x00gap",
    "龘靐齉𠮷𡃁",
    "ＦＵＬＬ　ＷＩＤＴＨ",
    "🙂emoji",
    "a,b;c|d",
    "很长" * 500,
)


def good(rows: int = ROWS, seed: int = 5) -> Pair:
    """Tables with which every operator succeeds."""
    rng = np.random.default_rng(seed)
    keys = [f"客户{number:05d}" for number in range(rows)]
    risk = rng.normal(size=rows)
    bank = {
        KEY: keys,
        LABEL: (risk + rng.normal(size=rows) > 0).astype(np.int64),
        INCOME: 7351.25 + 1000.0 * risk + rng.normal(size=rows),
        CITY: [("沈阳市", "杭州市", "昆明市")[at] for at in rng.integers(0, 3, rows)],
    }
    merchant = {
        KEY: keys,
        SPEND: 2417.75 + 300.0 * rng.normal(size=rows) + 100.0 * risk,
        ORDERS: rng.integers(100_003, 100_019, rows),
        GRADE: [("金卡会员", "银卡会员")[at] for at in rng.integers(0, 2, rows)],
    }
    return pa.table(bank), pa.table(merchant)


def _replaced(table: pa.Table, name: str, values: Iterable[object] | pa.Array) -> pa.Table:
    place = table.column_names.index(name)
    array = values if isinstance(values, pa.Array) else pa.array(values)
    return table.set_column(place, name, array)


def _features(pair: Pair, change: Callable[[pa.ChunkedArray], pa.Array]) -> Pair:
    bank, merchant = pair
    for name in (INCOME, CITY):
        bank = _replaced(bank, name, change(bank[name]))
    for name in (SPEND, ORDERS, GRADE):
        merchant = _replaced(merchant, name, change(merchant[name]))
    return bank, merchant


def no_rows() -> Pair:
    """What two tables without a common key would leave."""
    bank, merchant = good()
    return bank.slice(0, 0), merchant.slice(0, 0)


def constant() -> Pair:
    """Every feature has one value."""
    return _features(good(), lambda values: pa.array([values[0].as_py()] * len(values)))


def all_missing() -> Pair:
    """No feature has a value."""
    return _features(good(), lambda values: pa.nulls(len(values), values.type))


def one_class() -> Pair:
    """All labels are 1."""
    bank, merchant = good()
    return _replaced(bank, LABEL, [1] * ROWS), merchant


def no_label() -> Pair:
    """All labels are missing."""
    bank, merchant = good()
    return _replaced(bank, LABEL, pa.nulls(ROWS, pa.int64())), merchant


def categories() -> Pair:
    """Text columns with a thousand values each."""
    bank, merchant = good(MANY_ROWS)
    texts = [f"类别{number % CATEGORIES:04d}号" for number in range(MANY_ROWS)]
    return _replaced(bank, CITY, texts), _replaced(merchant, GRADE, texts[::-1])


def odd_texts() -> Pair:
    """Texts in Chinese, rare characters, and characters that mean something to programs."""
    bank, merchant = good()
    texts = [_ODD[number % len(_ODD)] for number in range(ROWS)]
    return _replaced(bank, CITY, texts), _replaced(merchant, GRADE, texts[::-1])


def not_a_number() -> Pair:
    """Every third number is NaN."""
    bank, merchant = good()
    spend = np.where(np.arange(ROWS) % 3 == 0, np.nan, np.asarray(merchant[SPEND]))
    income = np.where(np.arange(ROWS) % 3 == 1, np.nan, np.asarray(bank[INCOME]))
    return _replaced(bank, INCOME, income), _replaced(merchant, SPEND, spend)


def infinite() -> Pair:
    """One number is infinite, another is minus infinity."""
    bank, merchant = good()
    spend = np.array(merchant[SPEND])
    spend[3], spend[7] = np.inf, -np.inf
    return bank, _replaced(merchant, SPEND, spend)


def in_keys(name: str) -> Pair:
    """The same bad things in the key column, for operators that match rows by it."""
    bank, merchant = good()
    keys: dict[str, list[object]] = {
        "no common rows": [f"别人{number:05d}" for number in range(ROWS)],
        "constant": ["同一客户"] * ROWS,
        "all missing": [None] * ROWS,
        "NaN": [math.nan] * ROWS,
        "infinity": [math.inf if number == 3 else number + 0.25 for number in range(ROWS)],
        "odd texts": [f"{_ODD[number % len(_ODD)]}{number}" for number in range(ROWS)],
    }
    if name == "categories":
        return good(MANY_ROWS)
    values = pa.array(keys[name], pa.string() if keys[name][0] is None else None)
    if name != "no common rows":
        bank = _replaced(bank, KEY, values)
    return bank, _replaced(merchant, KEY, values)


BAD: dict[str, Callable[[], Pair]] = {
    "one column": good,
    "no common rows": no_rows,
    "constant": constant,
    "all missing": all_missing,
    "one class": one_class,
    "no label": no_label,
    "categories": categories,
    "odd texts": odd_texts,
    "NaN": not_a_number,
    "infinity": infinite,
}
ABOUT_LABELS = ("one class", "no label")


def quoted(message: str, pair: Pair) -> list[str]:
    """Values and row counts of the tables that stand in a message."""
    texts = {str(table.num_rows) for table in pair if table.num_rows}
    for table in pair:
        for column in table.columns:
            values = [value for value in column.unique().to_pylist() if _telling(value)]
            texts.update(text for text in map(str, values) if len(text) > 2)
    return sorted(text for text in texts if text in message)


def _telling(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value not in (None, 0, 1)
