"""An algorithm of a member in plaintext, inside a worker that has proved what it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.operators.common import LEVELS, SEMI_HONEST
from hanse.compute.operators.declaration import OperatorSpec
from hanse.compute.operators.own import declared

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="algorithm_tee",
    version=1,
    title="Own algorithm in trusted hardware",
    title_zh="自定义算法（可信硬件）",
    summary="Runs a published and approved algorithm in plaintext inside one computing node's "
    "trust domain. Every party checks the worker's quote, made for this session, against its own "
    "node's policies, and only then seals its columns to the worker; results come back sealed to "
    "their receivers. Exact where MPC rounds, and much faster.",
    summary_zh="在一个算力节点的可信域内，以明文运行已发布并获批准的算法。"
    "各方按本节点的策略核验该会话的远程证明报告，通过后才将自己的列加密交给工作进程；"
    "结果加密返回接收方。不受多方安全计算的舍入影响，且快得多。",
    roles={
        "owner": "checks the package, its columns and the worker's quote, and seals the columns",
        "compute": "proves what it runs, and runs the program on the columns in a sandbox",
        "receiver": "checks the worker's quote, and opens the outputs",
    },
    roles_zh={
        "owner": "核对算法包、自己的列以及远程证明报告，并加密交出列",
        "compute": "证明所运行的代码，在沙箱中对列运行程序",
        "receiver": "核验远程证明报告，打开输出",
    },
    owners=(1, 16),
    inputs=declared.INPUTS,
    outputs=declared.OUTPUTS,
    parameters=declared.PARAMETERS,
    protocols=("tdx", "software"),
    levels=LEVELS,
    ranges=declared.RANGES + " Computed in 32-bit floating point.",
    ranges_zh=declared.RANGES_ZH + "以 32 位浮点计算。",
    adversary_model=SEMI_HONEST,
    collusion={
        "tdx": "Intel TDX: whoever runs the machine learns nothing, as long as processor, firmware "
        "and the measured system hold. Side channels are outside what a quote proves.",
        "software": "Software only: whoever runs the machine can read everything. For development; "
        "refused from level 3 on.",
    },
    collusion_zh={
        "tdx": "Intel TDX：只要处理器、固件和被度量的系统可信，机器的运营者得不到任何信息。"
        "侧信道不在远程证明范围内。",
        "software": "仅软件：机器的运营者可以读取一切。仅供开发，自 3 级数据起拒绝。",
    },
    leaks={
        "owner": "learns the row count, which owner brings which input, and what the worker runs.",
        "compute": "learns the row count, which owner brings which input, and the algorithm. The "
        "attested worker sees the values; the node around it does not, under tdx.",
        "receiver": "learns the row count and all outputs; the manifest says what they reveal. An "
        "algorithm can give its inputs back as they are: read it before approving it.",
    },
    leaks_zh={
        "owner": "得知行数、各输入由哪一方提供，以及工作进程所运行的代码。",
        "compute": "得知行数、各输入由哪一方提供以及算法本身。"
        "在 tdx 下，经证明的工作进程可见数值，其外部的机器不可见。",
        "receiver": "得知行数和全部输出；其含义见算法清单。"
        "算法可以原样输出其输入：批准前请先阅读。",
    },
)


def run(task: Task) -> None:
    """This party's part of the algorithm."""
    from hanse.compute.operators.own.attested import run_attested

    run_attested(task)
