"""Joint logistic regression on shares; the model stays split among the computing nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.operators.common import (
    LABEL,
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

SPEC = OperatorSpec(
    name="logistic_regression",
    version=1,
    title="Joint logistic regression",
    title_zh="联合逻辑回归",
    summary="Logistic regression with an L2 penalty on the columns of all owners, by mini-batch "
    "gradient descent with momentum or by Newton's method, which comes to rest in a few passes "
    "and leaves what standard errors and scorecards need. " + common.PREPARATION,
    summary_zh="在各方的列上做带 L2 正则的逻辑回归，可用带动量的小批量梯度下降，"
    "也可用牛顿法：少数几轮即收敛，并保留标准误与评分卡所需的信息。" + common.PREPARATION_ZH,
    roles=common.ROLES,
    roles_zh=common.ROLES_ZH,
    owners=common.OWNERS,
    inputs={"table": common.TABLE, "validation": common.VALIDATION},
    outputs={"model": common.MODEL},
    parameters={
        "label": LABEL,
        "exclude": NOT_LEARNT_FROM,
        "solver": Parameter(
            type="text",
            default="descent",
            choices=("descent", "newton"),
            help="newton takes whole tables and goes by rounds; epochs, batch_size, "
            "learning_rate, momentum, patience and seed are of descent.",
            help_zh="newton 使用整张表并按 rounds 迭代；epochs、batch_size、learning_rate、"
            "momentum、patience 和 seed 仅用于 descent。",
        ),
        "rounds": Parameter(
            type="integer",
            default=5,
            minimum="1",
            maximum="30",
            help="Rounds of newton, of three moves each; five do for a rate of positives down to "
            "one in a hundred.",
            help_zh="newton 的轮数，每轮三步；正样本率不低于百分之一时五轮即可。",
        ),
        **common.descent_parameters(epochs=10, batch_size=256, learning_rate="0.1", l2="0.001"),
        "class_weight": Parameter(
            type="text",
            default="none",
            choices=("none", "balanced", "given"),
            help="balanced: rows count in inverse proportion to how frequent their class is; "
            "given: rows labelled 1 count positive_weight times.",
            help_zh="balanced 表示各行权重与其类别频率成反比；given 表示标签为 1 的行按 "
            "positive_weight 加权。",
        ),
        "positive_weight": Parameter(
            type="decimal",
            default="1",
            minimum="0.01",
            maximum="100",
            help="How much a row labelled 1 counts, when class_weight is given; one labelled 0 "
            "counts 1.",
            help_zh="class_weight 为 given 时标签为 1 的行的权重，标签为 0 的行权重为 1。",
        ),
        "minimum_rows": MINIMUM_ROWS,
    },
    protocols=MPC_PROTOCOLS,
    levels=LEVELS,
    ranges="Prepared values lie within ±10; before anything is sent, the largest weight the "
    "parameters allow is bounded; if a product could leave the 64-bit ring the step is refused. "
    "newton: whitened columns within ±64, scores within ±8, up to 2^24 rows.",
    ranges_zh="处理后的数值在 ±10 以内。发送数据前先估计参数允许的最大权重，若乘积可能超出 64 "
    "位环则拒绝执行。newton：去相关后的列在 ±64 以内，得分在 ±8 以内，最多 2^24 行。",
    adversary_model=SEMI_HONEST,
    collusion=MPC_COLLUSION,
    collusion_zh=MPC_COLLUSION_ZH,
    leaks={
        "owner": common.LEAKS["owner"],
        "compute": common.LEAKS["compute"] + common.STOPPING_LEAK,
    },
    leaks_zh={
        "owner": common.LEAKS_ZH["owner"],
        "compute": common.LEAKS_ZH["compute"] + common.STOPPING_LEAK_ZH,
    },
)


def run(task: Task) -> None:
    """This party's part of the training."""
    from hanse.compute.operators.models import descending, stepping
    from hanse.compute.operators.models.generalised import logistic_method

    method = logistic_method(task.parameters)
    (stepping if task.text("solver") == "newton" else descending).train(task, method)
