"""Replace binned columns by their weights of evidence, at each owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.operators.common import (
    LEVELS,
    LOCAL,
    LOCAL_COLLUSION,
    LOCAL_COLLUSION_ZH,
    SEMI_HONEST,
)
from hanse.compute.operators.declaration import OperatorSpec, Port
from hanse.compute.operators.features.texts import RECIPE_IN, TABLE

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="woe_transform",
    version=1,
    title="WOE transformation",
    title_zh="WOE 转换",
    summary="Each owner replaces the values of its binned columns by the weights of evidence of "
    "their bins. Columns keep their names; keys, the label and excluded columns stay as they are; "
    "columns that could not be binned are dropped. A value never seen has weight 0 unless its "
    "column has a bin for the rest. Nothing is sent.",
    summary_zh="各方在本地把已分箱列的取值换成所在箱的 WOE。列名不变；"
    "标识列、标签和排除列保持原样；"
    "无法分箱的列被去掉。未见过的取值若无“其余”箱则 WOE 为 0。不发送任何数据。",
    roles={"owner": "transforms its own table"},
    roles_zh={"owner": "在本地转换自己的表"},
    owners=(1, 16),
    inputs={"table": TABLE, "recipe": RECIPE_IN},
    outputs={
        "table": Port(
            kind="table",
            held_by=("owner",),
            help="The table with weights instead of values.",
            help_zh="取值换成 WOE 的表。",
        )
    },
    parameters={},
    protocols=LOCAL,
    levels=LEVELS,
    ranges="Any numbers and texts.",
    ranges_zh="数值和文本不限。",
    adversary_model=SEMI_HONEST,
    collusion=LOCAL_COLLUSION,
    collusion_zh=LOCAL_COLLUSION_ZH,
    leaks={"owner": "learns nothing; nothing is sent."},
    leaks_zh={"owner": "不会得知任何信息，不发送任何数据。"},
)


def run(task: Task) -> None:
    """Transform this owner's table."""
    from hanse.compute.errors import BadInput
    from hanse.compute.operators.features.binning import FAMILY, BinningRecipe, transform
    from hanse.data.batches import ArrowTable

    recipe = task.payload("recipe", BinningRecipe)
    if recipe.family != FAMILY:
        raise BadInput("the recipe is not of woe_binning")
    task.phase("transform")
    table = transform(recipe, task.table("table"), task.readable("table"))
    task.keep_table("table", ArrowTable(table), task.meta("table"))
