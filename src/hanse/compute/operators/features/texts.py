"""Texts, ports and parameters that several declarations of this family share."""

from __future__ import annotations

from hanse.compute.operators.declaration import Parameter, Port, Role

TABLE = Port(kind="table", held_by=("owner",), help="Aligned table.", help_zh="对齐后的表。")

COLUMNS = Parameter(
    type="texts",
    default=[],
    help="Columns to use; none named means all but keys, label and excluded ones.",
    help_zh="要使用的列；不填表示除标识列、标签和排除列外的所有列。",
    columns_of=("table",),
)
EXCLUDE = Parameter(
    type="texts",
    default=[],
    help="Columns to leave as they are, such as the label.",
    help_zh="保持原样的列，例如标签列。",
    columns_of=("table",),
)
SEED = Parameter(
    type="integer",
    default=1,
    minimum="0",
    maximum="4294967295",
    help="Seed; the same seed and rows give the same choice.",
    help_zh="种子；种子与行相同则选择相同。",
)
MINIMUM_BIN_ROWS = Parameter(
    type="integer",
    default=20,
    minimum="5",
    maximum="1000000",
    help="No count is told of a bin with fewer rows; small bins join a neighbour.",
    help_zh="行数少于此值的箱不公开计数；小箱并入相邻的箱。",
)
RECIPE_IN = Port(
    kind="model",
    held_by=("owner",),
    help="What each owner learnt of its own columns.",
    help_zh="各方对自己列学到的规则。",
)

STRATA_COLLUSION = {
    "local": "The holder of the column draws; what the others are told does not depend on who "
    "pools what."
}
STRATA_COLLUSION_ZH = {"local": "由该列持有方抽取；其他方得知的内容与是否串通无关。"}
STRATA_LEAKS: dict[Role, str] = {
    "owner": "learns the row count and, when rows are drawn by a column, who holds it and which "
    "rows were drawn. Every value has the same share of drawn rows and the holder draws under a "
    "key of its own, so being drawn says nothing of a single row's value; the number of drawn "
    "rows differs from the share by at most one row per value.",
}
STRATA_LEAKS_ZH: dict[Role, str] = {
    "owner": "得知行数；按列分层时还得知该列由谁持有以及哪些行被抽中。"
    "每个取值被抽中的比例相同，且由持有方用自己的密钥抽取，因此单行是否被抽中不反映其取值；"
    "抽中总行数与比例之差不超过取值个数。",
}

MODEL_OUT = Port(
    kind="model",
    held_by=("owner", "compute"),
    help="Owners: how their columns are prepared. Computing nodes: shares of the model.",
    help_zh="数据提供方：列的处理规则；算力节点：模型的分片。",
)
PREPARED = (
    "Each owner prepares its columns as for logistic_regression: gaps filled, texts as columns of "
    "frequent values, all standardised with the rows' mean and deviation"
)
PREPARED_ZH = "各方按 logistic_regression 的方式处理自己的列：填补缺失、文本按常见取值展开、标准化"

CORRELATION_ROLES: dict[Role, str] = {
    "owner": "centres and scales its columns and shares them",
    "compute": "multiplies columns of different owners on shares",
    "receiver": "opens the products and puts the matrix together",
}
CORRELATION_ROLES_ZH: dict[Role, str] = {
    "owner": "对自己的列去均值、归一后以分片形式交出",
    "compute": "在分片上计算不同提供方列的乘积",
    "receiver": "打开乘积并组成矩阵",
}
CORRELATION_RANGES = (
    "Any numbers. Columns become whole numbers whose squares add up to 2^62, so no product can "
    "leave the 64-bit ring; correlations are good to about 10^-9."
)
CORRELATION_RANGES_ZH = (
    "数值不限。各列转换为平方和为 2^62 的整数，乘积不会超出 64 位环；相关系数精度约 10^-9。"
)
CORRELATION_LEAKS: dict[Role, str] = {
    "owner": "learns the row count and how many number columns that vary each other owner has.",
    "compute": "learns the row count and how many number columns each owner has; no value, no "
    "correlation.",
    "receiver": "learns the row count, the names of all number columns, which of them do not "
    "vary, and all correlations between them, those of columns of one owner too.",
}
CORRELATION_LEAKS_ZH: dict[Role, str] = {
    "owner": "得知行数和其他各方有变化的数值列数。",
    "compute": "得知行数和各方的数值列数；不会得知任何取值或相关系数。",
    "receiver": "得知行数、所有数值列名、哪些列无变化，以及它们之间的全部相关系数"
    "（包括同一方各列之间的）。",
}
