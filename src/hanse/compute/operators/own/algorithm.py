"""An algorithm of a member under MPC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.operators.common import (
    LEVELS,
    MPC_COLLUSION,
    MPC_COLLUSION_ZH,
    MPC_PROTOCOLS,
    SEMI_HONEST,
)
from hanse.compute.operators.declaration import OperatorSpec
from hanse.compute.operators.own import declared

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="algorithm",
    version=1,
    title="Own algorithm",
    title_zh="自定义算法",
    summary="Runs a published algorithm, approved by every party of the step, under MPC. Each "
    "party checks the package against its fingerprint on the ledger. The computing nodes trace "
    "its function in a sandbox without data, network or files; only the traced program meets "
    "shares.",
    summary_zh="在多方安全计算下运行已发布、并经步骤各方批准的算法。各方按账本上的指纹核对算法包。"
    "算力节点在没有数据、网络和文件的沙箱中追踪其函数；只有追踪得到的程序接触分片。",
    roles={
        "owner": "checks the package and its columns, and shares the columns",
        "compute": "traces the function in a sandbox and runs the program on shares",
        "receiver": "opens the outputs",
    },
    roles_zh={
        "owner": "核对算法包和自己的列，并以分片形式交出",
        "compute": "在沙箱中追踪函数，在分片上运行程序",
        "receiver": "打开输出",
    },
    owners=(1, 16),
    inputs=declared.INPUTS,
    outputs=declared.OUTPUTS,
    parameters=declared.PARAMETERS,
    protocols=MPC_PROTOCOLS,
    levels=LEVELS,
    ranges=declared.RANGES + " What the algorithm computes from them must stay below 2^26 in "
    "products: nothing checks that, so try it at the ends of its ranges (hanse algorithms try).",
    ranges_zh=declared.RANGES_ZH + "算法的中间乘积须小于 2^26，系统不作检查："
    "请用 hanse algorithms try 在范围端点处试算。",
    adversary_model=SEMI_HONEST,
    collusion=MPC_COLLUSION,
    collusion_zh=MPC_COLLUSION_ZH,
    leaks={
        "owner": "learns the row count and which owner brings which input.",
        "compute": "learns the row count, which owner brings which input, and the algorithm; no "
        "value.",
        "receiver": "learns the row count and all outputs; the manifest says what they reveal. "
        "An algorithm can give its inputs back as they are: read it before approving it.",
    },
    leaks_zh={
        "owner": "得知行数，以及各输入由哪一方提供。",
        "compute": "得知行数、各输入由哪一方提供以及算法本身；不会得知任何数值。",
        "receiver": "得知行数和全部输出；其含义见算法清单。"
        "算法可以原样输出其输入：批准前请先阅读。",
    },
)


def run(task: Task) -> None:
    """This party's part of the algorithm."""
    from hanse.compute.operators.own.running import run_shared

    run_shared(task)
