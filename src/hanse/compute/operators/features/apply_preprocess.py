"""Clean other rows by a recipe learnt before, at each owner."""

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
    name="apply_preprocess",
    version=1,
    title="Cleaning of further rows",
    title_zh="应用预处理规则",
    summary="Each owner cleans another table, such as the test rows, with the recipe that "
    "preprocess made. Nothing is sent.",
    summary_zh="各方用 preprocess 得到的规则在本地处理另一张表（如测试集），不发送任何数据。",
    roles={"owner": "cleans its own table"},
    roles_zh={"owner": "在本地处理自己的表"},
    owners=(1, 16),
    inputs={"table": TABLE, "recipe": RECIPE_IN},
    outputs={
        "table": Port(
            kind="table", held_by=("owner",), help="The cleaned table.", help_zh="处理后的表。"
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
    """Clean this owner's table."""
    from hanse.compute.errors import BadInput
    from hanse.compute.operators.features.cleaning import FAMILY, Cleaning, apply
    from hanse.data.batches import ArrowTable

    recipe = task.payload("recipe", Cleaning)
    if recipe.family != FAMILY:
        raise BadInput("the recipe is not of preprocess")
    task.phase("apply")
    table = apply(recipe, task.table("table"), task.readable("table"))
    task.keep_table("table", ArrowTable(table), task.meta("table"))
