"""Joint linear and ridge regression on shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.operators.common import (
    ANY_LABEL,
    LEVELS,
    MAX_CATEGORIES,
    MINIMUM_ROWS,
    MPC_COLLUSION,
    MPC_COLLUSION_ZH,
    MPC_PROTOCOLS,
    NOT_LEARNT_FROM,
    SEMI_HONEST,
)
from hanse.compute.operators.declaration import OperatorSpec
from hanse.compute.operators.models.common import (
    L2,
    LEAKS,
    LEAKS_ZH,
    MODEL,
    OWNERS,
    PREPARATION,
    PREPARATION_ZH,
    ROLES,
    ROLES_ZH,
    TABLE,
    WHITENING,
    WHITENING_ZH,
)

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="linear_regression",
    version=1,
    title="Joint linear regression",
    title_zh="联合线性回归",
    summary="Least squares on the columns of all owners, with an L2 penalty (ridge) if wanted. The "
    "normal equations are formed and solved on shares by a fixed number of Chebyshev iterations. "
    + PREPARATION
    + WHITENING,
    summary_zh="在各方的列上做最小二乘回归，可加 L2 正则（岭回归）。"
    "法方程在分片上构造，并用固定次数的切比雪夫迭代求解。" + PREPARATION_ZH + WHITENING_ZH,
    roles=ROLES,
    roles_zh=ROLES_ZH,
    owners=OWNERS,
    inputs={"table": TABLE},
    outputs={"model": MODEL},
    parameters={
        "label": ANY_LABEL,
        "exclude": NOT_LEARNT_FROM,
        "l2": L2,
        "max_categories": MAX_CATEGORIES,
        "minimum_rows": MINIMUM_ROWS,
    },
    protocols=MPC_PROTOCOLS,
    levels=LEVELS,
    ranges="Labels up to ±1e15, standardised by their holder; prepared columns within ±10, "
    "whitened ones within ±64. Up to 2^24 rows and 1,000 prepared columns, so that no product "
    "leaves the 64-bit ring. Directions in which columns of different owners all but determine "
    "each other (an eigenvalue below 1/512) are damped.",
    ranges_zh="标签绝对值不超过 1e15，由其持有方标准化；处理后的列在 ±10 以内，去相关后在 ±64 "
    "以内。"
    "最多 2^24 行、1000 列，保证乘积不超出 64 位环。不同提供方的列近乎相互决定的方向（特征值低于 "
    "1/512）会被衰减。",
    adversary_model=SEMI_HONEST,
    collusion=MPC_COLLUSION,
    collusion_zh=MPC_COLLUSION_ZH,
    leaks=LEAKS,
    leaks_zh=LEAKS_ZH,
)


def run(task: Task) -> None:
    """This party's part of the training."""
    from hanse.compute.operators.models.linear import train

    train(task)
