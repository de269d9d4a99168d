"""What both operators declare alike."""

from __future__ import annotations

from hanse.compute.operators.common import MINIMUM_ROWS
from hanse.compute.operators.declaration import Parameter, Port

INPUTS = {
    "table": Port(
        kind="table",
        held_by=("owner",),
        help="Table, aligned when there are several owners.",
        help_zh="输入表；有多个提供方时为对齐后的表。",
    )
}
OUTPUTS = {
    "rows": Port(
        kind="table",
        held_by=("receiver",),
        help="Keys (or row numbers) and the outputs with one value per row; only when the "
        "algorithm has such outputs.",
        help_zh="标识（或行号）与逐行输出；仅当算法有逐行输出时产生。",
    ),
    "report": Port(
        kind="report",
        held_by=("receiver",),
        help="What ran, and the outputs of a fixed shape.",
        help_zh="所运行的算法及固定形状的输出。",
    ),
}
PARAMETERS = {
    "algorithm": Parameter(
        type="text",
        max_length=80,
        help="Published algorithm and version, name@1.0.0.",
        help_zh="已发布的算法及版本，形如 name@1.0.0。",
    ),
    "fingerprint": Parameter(
        type="text",
        default="",
        max_length=64,
        help="Fingerprint of its package, hex; left empty it is filled in from the ledger.",
        help_zh="算法包的指纹（十六进制）；留空时取账本上的指纹。",
    ),
    "columns": Parameter(
        type="texts",
        default=[],
        help="Where inputs have another name than their column: input=column, or "
        "input=owner.column.",
        help_zh="输入与列名不同时的对应：input=column 或 input=owner.column。",
    ),
    "settings": Parameter(
        type="texts",
        default=[],
        help="Parameters of the algorithm, name=value; those left out keep their default.",
        help_zh="算法的参数，name=value；未填写的取默认值。",
    ),
    "minimum_rows": MINIMUM_ROWS,
}
RANGES = (
    "Every input within the range its manifest declares, at most ±10,000,000; a column that has "
    "other or missing values is refused before anything leaves."
)
RANGES_ZH = (
    "每个输入须在清单声明的范围内（不超过 ±10,000,000）；超出范围或有缺失值时，在发送前拒绝。"
)
