"""Joint softmax regression on shares, for a label of several classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.operators.common import (
    ANY_LABEL,
    LEVELS,
    MINIMUM_ROWS,
    MPC_COLLUSION,
    MPC_COLLUSION_ZH,
    MPC_PROTOCOLS,
    NOT_LEARNT_FROM,
    SEMI_HONEST,
)
from hanse.compute.operators.declaration import OperatorSpec
from hanse.compute.operators.models import common

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="multinomial_regression",
    version=1,
    title="Joint multinomial regression",
    title_zh="联合多分类逻辑回归",
    summary="Softmax regression for a label of 2 to 100 classes (texts or whole numbers) by "
    "mini-batch gradient descent with momentum, on the columns of all owners. "
    + common.PREPARATION,
    summary_zh="对 2 至 100 类标签（文本或整数）做 softmax 回归，采用带动量的小批量梯度下降。"
    + common.PREPARATION_ZH,
    roles=common.ROLES,
    roles_zh=common.ROLES_ZH,
    owners=common.OWNERS,
    inputs={"table": common.TABLE, "validation": common.VALIDATION},
    outputs={"model": common.MODEL},
    parameters={
        "label": ANY_LABEL,
        "exclude": NOT_LEARNT_FROM,
        **common.descent_parameters(epochs=10, batch_size=256, learning_rate="0.1", l2="0.001"),
        "class_weight": common.CLASS_WEIGHT,
        "minimum_rows": MINIMUM_ROWS,
    },
    protocols=MPC_PROTOCOLS,
    levels=LEVELS,
    ranges="Prepared values lie within ±10; a class's score counts from 6 below to 6 above the "
    "mean of the row's scores. If a weight could grow until products leave the 64-bit ring, the "
    "step is refused before anything is sent.",
    ranges_zh="处理后的数值在 ±10 以内；各类得分相对该行均值截断到 ±6。"
    "若权重可能增长到使乘积超出 64 "
    "位环，则在发送数据前拒绝执行。",
    adversary_model=SEMI_HONEST,
    collusion=MPC_COLLUSION,
    collusion_zh=MPC_COLLUSION_ZH,
    leaks={
        "owner": common.LEAKS["owner"] + " It learns the names of the classes.",
        "compute": common.LEAKS["compute"]
        + " It learns the names of the classes."
        + common.STOPPING_LEAK,
    },
    leaks_zh={
        "owner": common.LEAKS_ZH["owner"] + "得知各类别的名称。",
        "compute": common.LEAKS_ZH["compute"] + "得知各类别的名称。" + common.STOPPING_LEAK_ZH,
    },
)


def run(task: Task) -> None:
    """This party's part of the training."""
    from hanse.compute.operators.models.descending import train
    from hanse.compute.operators.models.generalised import multinomial_method

    train(task, multinomial_method(weighted=task.text("class_weight") == "balanced"))
