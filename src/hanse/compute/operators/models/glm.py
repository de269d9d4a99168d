"""Joint Poisson and Tweedie regression on shares, with exposure."""

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

SPEC = OperatorSpec(
    name="glm",
    version=1,
    title="Joint Poisson and Tweedie regression",
    title_zh="联合泊松与 Tweedie 回归",
    summary="Regression with log link for counts (power 1, Poisson) and for amounts with many "
    "zeros (power between 1 and 2, Tweedie), with an exposure column if wanted, by mini-batch "
    "gradient descent with momentum. " + common.PREPARATION + common.WHITENING,
    summary_zh="采用对数链接的回归：计数（幂为 1，泊松）或含大量零值的金额（幂在 1 与 2 之间，"
    "Tweedie），"
    "可指定风险暴露列，采用带动量的小批量梯度下降。" + common.PREPARATION_ZH + common.WHITENING_ZH,
    roles=common.ROLES,
    roles_zh=common.ROLES_ZH,
    owners=common.OWNERS,
    inputs={"table": common.TABLE, "validation": common.VALIDATION},
    outputs={"model": common.MODEL},
    parameters={
        "label": ANY_LABEL,
        "exclude": NOT_LEARNT_FROM,
        "power": Parameter(
            type="decimal",
            default="1",
            minimum="1",
            maximum="1.9",
            help="Power of the variance: 1 is Poisson, 1 to 2 Tweedie.",
            help_zh="方差函数的幂：1 为泊松，1 与 2 之间为 Tweedie。",
        ),
        "exposure": Parameter(
            type="text",
            default="",
            help="Column of exposures (time insured, number of items), above zero; any one owner "
            "holds it. Empty: all rows count alike.",
            help_zh="风险暴露列（保险期限、件数等），须大于零，由任一提供方持有；"
            "为空表示各行相同。",
            columns_of=("table",),
        ),
        **common.descent_parameters(
            epochs=30, batch_size=256, learning_rate="0.1", l2="0", falls="a hundredth"
        ),
        "minimum_rows": MINIMUM_ROWS,
    },
    protocols=MPC_PROTOCOLS,
    levels=LEVELS,
    ranges="Labels from 0 to 1e15, none above 10,000 times their mean; exposures from a "
    "thousandth to a thousand times their mean. Predictions are kept from 1/403 to 403 times the "
    "mean while training. The penalty counts on the whitened columns. If a weight could grow "
    "until products leave the 64-bit ring, the step is refused before anything is sent.",
    ranges_zh="标签在 0 至 1e15 之间，且不超过均值的 1 万倍；风险暴露在均值的千分之一至一千倍之间。"
    "训练中预测值保持在均值的 1/403 至 403 倍之间。正则作用于去相关后的列。"
    "若权重可能增长到使乘积超出 "
    "64 位环，则在发送数据前拒绝执行。",
    adversary_model=SEMI_HONEST,
    collusion=MPC_COLLUSION,
    collusion_zh=MPC_COLLUSION_ZH,
    leaks={
        "owner": common.LEAKS["owner"] + " It learns who holds the exposure.",
        "compute": common.LEAKS["compute"]
        + " It learns who holds the exposure."
        + common.STOPPING_LEAK,
    },
    leaks_zh={
        "owner": common.LEAKS_ZH["owner"] + "得知风险暴露列由谁持有。",
        "compute": common.LEAKS_ZH["compute"]
        + "得知风险暴露列由谁持有。"
        + common.STOPPING_LEAK_ZH,
    },
)


def run(task: Task) -> None:
    """This party's part of the training."""
    from hanse.compute.operators.models.descending import train
    from hanse.compute.operators.models.generalised import glm_method

    train(task, glm_method(task.decimal("power")))
