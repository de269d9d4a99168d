"""What the declarations of both kinds of boosted trees share."""

from __future__ import annotations

from hanse.compute.operators.common import MINIMUM_ROWS, NOT_LEARNT_FROM, checkpoint_every
from hanse.compute.operators.declaration import Parameter, Port

BINARY = "binary:logistic"
NUMBER = "reg:squarederror"

INPUTS = {
    "table": Port(
        kind="table",
        held_by=("owner",),
        help="Aligned training table.",
        help_zh="对齐后的训练表。",
    ),
    "validation": Port(
        kind="table",
        held_by=("owner",),
        help="Aligned rows that decide when to stop; needed for early_stopping_rounds.",
        help_zh="对齐后的验证表，用于提前停止（early_stopping_rounds）。",
        optional=True,
    ),
}

PARAMETERS = {
    "label": Parameter(
        type="text",
        help="The label column (0 and 1, or a number); exactly one owner holds it.",
        help_zh="标签列（0 和 1，或数值），只能由一个数据提供方持有。",
        columns_of=("table", "validation"),
    ),
    "objective": Parameter(
        type="text",
        default=BINARY,
        choices=(BINARY, NUMBER),
        help="Logistic loss on a label of 0 and 1, or squared loss on a number.",
        help_zh="0/1 标签的逻辑损失，或数值标签的平方损失。",
    ),
    "exclude": NOT_LEARNT_FROM,
    "n_estimators": Parameter(
        type="integer",
        default=10,
        minimum="1",
        maximum="300",
        help="Number of trees.",
        help_zh="树的棵数。",
    ),
    "max_depth": Parameter(
        type="integer",
        default=4,
        minimum="1",
        maximum="7",
        help="Levels of splits; every tree is complete.",
        help_zh="树的深度；每棵树都是完全二叉树。",
    ),
    "learning_rate": Parameter(
        type="decimal",
        default="0.3",
        minimum="0.001",
        maximum="1",
        help="Factor of every tree's weights.",
        help_zh="每棵树权重的缩减系数。",
    ),
    "reg_lambda": Parameter(
        type="decimal",
        default="1",
        minimum="0",
        maximum="1000",
        help="L2 penalty on leaf weights.",
        help_zh="叶子权重的 L2 正则系数。",
    ),
    "gamma": Parameter(
        type="decimal",
        default="0",
        minimum="0",
        maximum="1000",
        help="A split must gain more than this.",
        help_zh="分裂所需的最小增益。",
    ),
    "min_child_weight": Parameter(
        type="decimal",
        default="1",
        minimum="0",
        maximum="100000",
        help="Least sum of second derivatives on either side of a split.",
        help_zh="分裂后任一侧二阶导数之和的下限。",
    ),
    "subsample": Parameter(
        type="decimal",
        default="1",
        minimum="0.01",
        maximum="1",
        help="Share of the rows each tree learns from; which ones is fixed by the seed.",
        help_zh="每棵树使用的行比例；由随机种子决定。",
    ),
    "colsample_bytree": Parameter(
        type="decimal",
        default="1",
        minimum="0.01",
        maximum="1",
        help="Share of all owners' columns each tree may split on; fixed by the seed.",
        help_zh="每棵树可用的列比例；由随机种子决定。",
    ),
    "max_bin": Parameter(
        type="integer",
        default=16,
        minimum="2",
        maximum="64",
        help="Most buckets of a number or date.",
        help_zh="数值或日期列的最大分箱数。",
    ),
    "max_categories": Parameter(
        type="integer",
        default=10,
        minimum="1",
        maximum="63",
        help="Frequent values of a text column that trees can split on.",
        help_zh="文本列中可用于分裂的常见取值个数。",
    ),
    "base_score": Parameter(
        type="text",
        default="",
        max_length=40,
        help="Prediction before the first tree (a probability, or a number in the label's units);"
        " empty for the label's mean.",
        help_zh="第一棵树之前的预测值（概率或数值）；留空则取标签均值。",
    ),
    "scale_pos_weight": Parameter(
        type="decimal",
        default="1",
        minimum="0.01",
        maximum="100",
        help="Weight of rows with label 1 (logistic loss).",
        help_zh="标签为 1 的行的权重（逻辑损失）。",
    ),
    "early_stopping_rounds": Parameter(
        type="integer",
        default=0,
        minimum="0",
        maximum="100",
        help="Stop when so many trees in a row did not improve the validation rows; 0 for never.",
        help_zh="验证集连续多少棵树没有改善即停止；0 表示不提前停止。",
    ),
    "seed": Parameter(
        type="integer",
        default=0,
        minimum="0",
        maximum="4294967295",
        help="Fixes the samples of rows and columns.",
        help_zh="行、列抽样的随机种子。",
    ),
    "minimum_rows": MINIMUM_ROWS,
    "checkpoint_every": checkpoint_every("trees", "棵树"),
}
