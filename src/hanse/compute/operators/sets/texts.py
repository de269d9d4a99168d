"""Ports, parameters and texts that the operators on sets share."""

from __future__ import annotations

from hanse.compute.operators.common import KEY_PARAMETERS
from hanse.compute.operators.declaration import Memory, Parameter, Port

MOST_OWNERS = 8
PORTS = tuple(f"table_{number}" for number in range(1, MOST_OWNERS + 1))
PROTOCOLS = ("ecdh_ring",)
MEMORY = Memory(base_mib=400, bytes_per_row=700, bytes_per_cell=160)

INPUTS = {
    port: Port(
        kind="table",
        held_by=("owner",),
        help=f"Table of owner {number}.",
        help_zh=f"第 {number} 个提供方的数据表。",
        optional=number > 2,
    )
    for number, port in enumerate(PORTS, 1)
}

_FIRST_KEY = Parameter(
    type="texts",
    help="Key column or columns of the first table, in order.",
    help_zh="第一张表的标识列（可多列，按顺序）。",
    columns_of=("table_1",),
)
_OTHER_KEYS = {
    f"key_{number}": Parameter(
        type="texts",
        default=[],
        help=f"Key column or columns of table {number}; left out, the first table's names hold.",
        help_zh=f"第 {number} 张表的标识列；不指定则与第一张表同名。",
        columns_of=(f"table_{number}",),
    )
    for number in range(2, MOST_OWNERS + 1)
}
PARAMETERS = {
    "key_1": _FIRST_KEY,
    **_OTHER_KEYS,
    **{name: KEY_PARAMETERS[name] for name in ("key_type", "case", "duplicates")},
}
LINKED_PARAMETERS = {
    **{
        f"key_{number}": Parameter(
            type="texts",
            default=[],
            help=f"Key columns of table {number}, each a key of its own. Needed for every table.",
            help_zh=f"第 {number} 张表的标识列，每列各为一个标识；每张表都须指定。",
            columns_of=(f"table_{number}",),
        )
        for number in range(1, MOST_OWNERS + 1)
    },
    **{
        f"name_{number}": Parameter(
            type="texts",
            default=[],
            help=f"What these keys are called, in the order of key_{number}; keys of one name are "
            "compared. Left out, they are called as their columns.",
            help_zh=f"key_{number} 各标识的名称（顺序一致）；同名标识相互比对，不指定则用列名。",
        )
        for number in range(1, MOST_OWNERS + 1)
    },
    **{name: KEY_PARAMETERS[name] for name in ("key_type", "case", "duplicates")},
}
ROWS_AND_RECEIPT = {
    "table": Port(
        kind="table",
        held_by=("receiver",),
        help="At each receiver: its own columns of the common rows.",
        help_zh="各接收方：共有行中自己的列。",
    ),
    "receipt": Port(
        kind="report",
        held_by=("receiver",),
        help="Rows with a key, common rows, and how they spread over the receiver's own "
        "columns named by count_by.",
        help_zh="带标识的行数、共有行数，以及按接收方自己的列（count_by）统计的分布。",
        open_to_auditors=True,
    ),
}
RECEIPT_PARAMETERS = {
    "count_by": Parameter(
        type="texts",
        default=[],
        help="Columns whose values are counted in the receipt, at the receiver that has them.",
        help_zh="回执中按其取值计数的列（由持有该列的接收方统计）。",
        columns_of=PORTS,
    ),
    "minimum_group": Parameter(
        type="integer",
        default=10,
        minimum="5",
        maximum="1000000",
        help="Values with fewer common rows are put together in the receipt, and left out "
        "when together they are still fewer.",
        help_zh="回执中共有行数少于此值的取值合并计数；合并后仍不足则不列出。",
    ),
}
RANGES = "Keys of any length; text is normalised (NFKC, trimmed) before matching."
RANGES_ZH = "标识长度不限；文本在匹配前先规范化（NFKC、去除首尾空白）。"

COLLUSION = {
    "ecdh_ring": "Diffie-Hellman on Curve25519 in a ring of all owners, semi-honest. As long as "
    "the comparer and a receiver do not pool what they hold, nobody learns more than stated. An "
    "owner that enters keys it does not really hold learns about those as about its own."
}
COLLUSION_ZH = {
    "ecdh_ring": "所有数据提供方组成环，基于 Curve25519 的 Diffie-Hellman，半诚实模型。"
    "只要比对方与接收方不串通，任何一方都不会得到上述以外的信息。"
    "若一方输入自己并不持有的标识，可得知与这些标识有关的同样信息。"
}
OWNER_LEAK = (
    "learns how many rows with a key each other table has. With three and more owners one of them "
    "compares (the first that is no receiver, if there is one): it also learns how many keys any "
    "combination of the tables has in common, but not which."
)
OWNER_LEAK_ZH = (
    "得知其他各表中带标识的行数。三方及以上时由其中一方比对（优先选第一个非接收方），"
    "该方还得知任意几张表共有标识的数量，但不知道是哪些。"
)
LINKED_LEAK = (
    "learns how many rows with all keys each other table has. One of them compares (of two owners "
    "a receiver, of more the first that is no receiver, if there is one): it also learns how many "
    "rows any tables share by each key and by several of them, and how these hang together, but "
    "not which."
)
LINKED_LEAK_ZH = (
    "得知其他各表中标识齐全的行数。其中一方负责比对（两方时为接收方；三方及以上时优先选第一个非接收方），"
    "该方还得知任意几张表按各标识及其组合共有多少行、彼此如何相连，但不知道是哪些。"
)
OWNER_ROLE = "brings a table and its key"
OWNER_ROLE_ZH = "提供数据表及标识列"
