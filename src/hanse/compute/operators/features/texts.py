"""Texts, ports and parameters that several declarations of this family share."""

from __future__ import annotations

from hanse.compute.operators.declaration import Parameter, Port, Role

LOCAL = ("local",)
LOCAL_COLLUSION = {"local": "Local to each owner: there is nothing to collude on."}
LOCAL_COLLUSION_ZH = {"local": "各方在本地执行，不存在串通问题。"}

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
