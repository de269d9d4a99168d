"""Texts and parameters that the operators of private retrieval share."""

from __future__ import annotations

from hanse.compute.operators.common import KEY_PARAMETERS
from hanse.compute.operators.declaration import Parameter, Port

TABLE = Port(
    kind="table",
    held_by=("owner",),
    help="The table that is asked, at its holder.",
    help_zh="被查询的数据表（持有方）。",
)
TABLE_KEY = Parameter(
    type="texts",
    help="Key column or columns of the table, in order.",
    help_zh="数据表的标识列（可多列，按顺序）。",
    columns_of=("table",),
)

FAMILY = "private-retrieval/1"
"""What the parts of a set-up are marked with."""
PAYLOAD = Parameter(
    type="texts",
    default=[],
    help="Columns a hit returns; none named means all but the key.",
    help_zh="命中时返回的列；不指定则为除标识列外的全部列。",
    columns_of=("table",),
)
MATCHES = Parameter(
    type="integer",
    default=1,
    minimum="1",
    maximum="16",
    help="Most rows one key may have. So many look-ups are made for every key; a table in which "
    "a key stands more often is refused.",
    help_zh="一个标识最多对应的行数。每个标识都做这么多次查询；标识重复次数超过此值的表将被拒绝。",
)
READING = {name: KEY_PARAMETERS[name] for name in ("key_type", "case")}

COLLUSION = {
    "simplepir": "Two parties, semi-honest. The asker's privacy rests on learning with errors "
    "(SimplePIR, 128 bits) and, for the key itself, on nothing but randomness: it holds against "
    "any holder. The holder's rests on Diffie-Hellman over Curve25519 (2HashDH) and on the asker "
    "asking for no more keys than it announced. A holder that answers wrongly is not detected.",
}
COLLUSION_ZH = {
    "simplepir": "两方，半诚实模型。查询方的隐私基于带误差学习问题（SimplePIR，128 位安全强度）；"
    "标识本身的盲化不依赖任何计算假设，对任何持有方都成立。持有方的隐私基于 Curve25519 上的"
    " Diffie-Hellman 假设（2HashDH）。持有方给出错误应答时无法发现。",
}
