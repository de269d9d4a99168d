"""Texts and parameters that the declarations of models share."""

from __future__ import annotations

from hanse.compute.operators.common import MAX_CATEGORIES, checkpoint_every
from hanse.compute.operators.declaration import Parameter, Port, Role

OWNERS = (1, 16)
ROLES: dict[Role, str] = {
    "owner": "prepares its columns and shares them with the computing nodes; one owner holds "
    "the label",
    "compute": "trains on shares and keeps its share of the model",
}
ROLES_ZH: dict[Role, str] = {
    "owner": "处理自己的列并以分片形式交给算力节点，其中一方持有标签",
    "compute": "在分片上训练，保存模型分片",
}
TABLE = Port(
    kind="table",
    held_by=("owner",),
    help="Aligned training table.",
    help_zh="对齐后的训练表。",
)
VALIDATION = Port(
    kind="table",
    held_by=("owner",),
    help="Aligned table of other rows, for early stopping.",
    help_zh="用于提前停止的另一批对齐行。",
    optional=True,
)
MODEL = Port(
    kind="model",
    held_by=("owner", "compute"),
    help="Owners: how their columns are prepared. Computing nodes: a share of the weights.",
    help_zh="数据提供方：列的处理规则；算力节点：权重的分片。",
)
TRAINED = Port(
    kind="model",
    held_by=("owner", "compute"),
    help="Trained model.",
    help_zh="训练好的模型。",
)

PREPARATION = (
    "Each owner prepares its own columns first and keeps the recipe: numbers have gaps filled "
    "with the median (and an indicator column where there were gaps), are standardised and "
    "clipped to ±10; dates count as numbers of days; texts and truth values become one column "
    "per frequent value and one for the rest; constant columns, keys and the label are left out."
)
PREPARATION_ZH = (
    "各方先在本地处理自己的列并保留处理规则：数值缺失用中位数填补（有缺失时另加指示列），标准化并"
    "截断到 ±10；日期按天数当作数值；文本和布尔值按常见取值展开为多列，其余归为一列；常数列、"
    "标识列和标签不参与。"
)
WHITENING = (
    " It then makes its columns uncorrelated with each other by a matrix of its own, which it "
    "keeps too: that changes no prediction and spares most iterations."
)
WHITENING_ZH = "随后各方用自己保留的矩阵使本方各列互不相关：不改变预测结果，但省去大部分迭代。"

L2 = Parameter(
    type="decimal",
    default="0",
    minimum="0",
    maximum="10",
    help="Weight of the L2 penalty on standardised columns; 0 for none.",
    help_zh="标准化列上的 L2 正则系数；0 表示不使用。",
)

DISCLOSE = Parameter(
    type="text",
    default="own",
    choices=("own", "all"),
    help="own: a receiver sees the lines of its own columns; all: of every owner's.",
    help_zh="own 表示接收方只看到自己列的内容；all 表示看到所有提供方的列。",
)

LEAKS: dict[Role, str] = {
    "owner": "learns the row count and how many prepared columns each other owner brings, and "
    "who holds the label.",
    "compute": "learns the row count, how many prepared columns each owner brings and who holds "
    "the label; no value, no weight.",
}
LEAKS_ZH: dict[Role, str] = {
    "owner": "得知行数、其他各方处理后的列数以及标签由谁持有。",
    "compute": "得知行数、各方处理后的列数以及标签由谁持有；不会得知任何数值或权重。",
}


def descent_parameters(
    *, epochs: int, batch_size: int, learning_rate: str, l2: str, falls: str = "a tenth"
) -> dict[str, Parameter]:
    """Parameters of mini-batch gradient descent, with an operator's defaults."""
    return {
        "epochs": Parameter(
            type="integer",
            default=epochs,
            minimum="1",
            maximum="200",
            help="Passes over the training rows at most.",
            help_zh="最多训练轮数。",
        ),
        "batch_size": Parameter(
            type="integer",
            default=batch_size,
            minimum="8",
            maximum="65536",
            help="Rows per step of the descent.",
            help_zh="每批行数。",
        ),
        "learning_rate": Parameter(
            type="decimal",
            default=learning_rate,
            minimum="0.0001",
            maximum="1",
            help=f"Step length at the start; it falls to {falls}.",
            help_zh="初始学习率，训练中逐轮降低。",
        ),
        "momentum": Parameter(
            type="decimal",
            default="0.9",
            minimum="0",
            maximum="0.95",
            help="Part of the last step that is kept.",
            help_zh="动量系数。",
        ),
        "l2": Parameter(
            type="decimal",
            default=l2,
            minimum="0",
            maximum="10",
            help="Weight of the L2 penalty.",
            help_zh="L2 正则系数。",
        ),
        "patience": Parameter(
            type="integer",
            default=0,
            minimum="0",
            maximum="50",
            help="Stop after so many epochs in which the loss on the validation table did not "
            "fall, and keep the best epoch's weights; 0: never stop early.",
            help_zh="验证表损失连续多少轮不下降即停止，并保留最佳一轮的权重；0 表示不提前停止。",
        ),
        "seed": Parameter(
            type="integer",
            default=1,
            minimum="0",
            maximum="4294967295",
            help="Fixes the order of the rows, and first weights where there are any.",
            help_zh="决定行的顺序和初始权重的随机种子。",
        ),
        "max_categories": MAX_CATEGORIES,
        "checkpoint_every": checkpoint_every("epochs", "轮"),
    }


CLASS_WEIGHT = Parameter(
    type="text",
    default="none",
    choices=("none", "balanced"),
    help="balanced: rows count in inverse proportion to how frequent their class is.",
    help_zh="balanced 表示各行权重与其类别频率成反比。",
)
STOPPING_LEAK = (
    " With early stopping the computing nodes learn after each epoch whether the validation loss "
    "fell, and everybody the row count of the validation table."
)
STOPPING_LEAK_ZH = "使用提前停止时，算力节点得知每轮验证损失是否下降，各方得知验证表的行数。"
