"""Small joint multilayer networks on shares."""

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
from hanse.compute.operators.declaration import OperatorSpec, Parameter
from hanse.compute.operators.models import common

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

UNITS = Parameter(
    type="integer",
    default=0,
    minimum="0",
    maximum="64",
    help="Units of this hidden layer; 0: there is none.",
    help_zh="该隐藏层的单元数；0 表示没有该层。",
)

SPEC = OperatorSpec(
    name="neural_network",
    version=1,
    title="Joint neural network",
    title_zh="联合神经网络",
    summary="A multilayer network with one to three hidden layers on the columns of all owners, "
    "for two classes, several classes or numbers, by mini-batch gradient descent with momentum. "
    + common.PREPARATION,
    summary_zh="在各方的列上训练含一至三个隐藏层的多层网络，用于二分类、多分类或数值预测，"
    "采用带动量的小批量梯度下降。" + common.PREPARATION_ZH,
    roles=common.ROLES,
    roles_zh=common.ROLES_ZH,
    owners=common.OWNERS,
    inputs={"table": common.TABLE, "validation": common.VALIDATION},
    outputs={"model": common.MODEL},
    parameters={
        "label": ANY_LABEL,
        "exclude": NOT_LEARNT_FROM,
        "output": Parameter(
            type="text",
            default="binary",
            choices=("binary", "classes", "number"),
            help="What the label is: 0 and 1, one of several classes, or a number.",
            help_zh="标签类型：binary 为 0 和 1，classes 为多个类别，number 为数值。",
        ),
        "hidden": Parameter(
            type="integer",
            default=16,
            minimum="1",
            maximum="64",
            help="Units of the first hidden layer.",
            help_zh="第一隐藏层的单元数。",
        ),
        "hidden_2": UNITS,
        "hidden_3": UNITS,
        "activation": Parameter(
            type="text",
            default="relu",
            choices=("relu", "square"),
            help="relu, or the polynomial a/2 + a²/8, which needs fewer comparisons.",
            help_zh="relu，或所需比较更少的多项式 a/2 + a²/8（square）。",
        ),
        **common.descent_parameters(epochs=20, batch_size=128, learning_rate="0.05", l2="0.0001"),
        "class_weight": common.CLASS_WEIGHT,
        "minimum_rows": MINIMUM_ROWS,
    },
    protocols=MPC_PROTOCOLS,
    levels=LEVELS,
    ranges="Prepared values lie within ±10; weights are used within ±8, activations up to 16, "
    "number labels standardised with errors cut at ±10. Nothing can leave the 64-bit ring with "
    "up to three layers of 64 units.",
    ranges_zh="处理后的数值在 ±10 以内；权重按 ±8 截断使用，激活值不超过 16，"
    "数值标签标准化且误差截断到 "
    "±10。三层、每层 64 个单元以内不会超出 64 位环。",
    adversary_model=SEMI_HONEST,
    collusion=MPC_COLLUSION,
    collusion_zh=MPC_COLLUSION_ZH,
    leaks={
        "owner": common.LEAKS["owner"] + " It learns the names of the classes.",
        "compute": common.LEAKS["compute"]
        + " It learns the names of the classes and the first random weights."
        + common.STOPPING_LEAK,
    },
    leaks_zh={
        "owner": common.LEAKS_ZH["owner"] + "得知各类别的名称。",
        "compute": common.LEAKS_ZH["compute"]
        + "得知各类别的名称和随机初始权重。"
        + common.STOPPING_LEAK_ZH,
    },
)


def run(task: Task) -> None:
    """This party's part of the training."""
    from hanse.compute.operators.models.descending import train
    from hanse.compute.operators.models.networks import method_of

    train(task, method_of(task.parameters))
