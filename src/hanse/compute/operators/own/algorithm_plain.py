"""An algorithm of a member in plaintext, within the domain of the one owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.operators.common import SEMI_HONEST
from hanse.compute.operators.declaration import OperatorSpec
from hanse.compute.operators.own import declared

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

PLAIN = ("plain",)

SPEC = OperatorSpec(
    name="algorithm_plain",
    version=1,
    title="Own algorithm in plaintext",
    title_zh="自定义算法（域内明文）",
    summary="Runs a published and approved algorithm in plaintext on the data of one owner, in a "
    "sandbox at that owner: without network, files or other processes. Data of several owners "
    "never meets in plaintext. The network's rules, the grant and the manifest must each allow "
    "it for the level of the data.",
    summary_zh="在数据提供方本地的沙箱中，以明文在单一提供方的数据上运行已发布并获批准的算法："
    "无网络、无文件、无其他进程。多方数据不会以明文汇合。"
    "须由网络规则、授权和算法清单同时允许该数据等级。",
    roles={
        "owner": "checks the package and its columns, and runs the program in a sandbox",
        "receiver": "gets the outputs",
    },
    roles_zh={
        "owner": "核对算法包和自己的列，在沙箱中运行程序",
        "receiver": "得到输出",
    },
    owners=(1, 1),
    inputs=declared.INPUTS,
    outputs=declared.OUTPUTS,
    parameters=declared.PARAMETERS,
    protocols=PLAIN,
    levels=(1, 2),
    ranges=declared.RANGES + " Computed in 32-bit floating point.",
    ranges_zh=declared.RANGES_ZH + "以 32 位浮点计算。",
    adversary_model=SEMI_HONEST,
    collusion={
        "plain": "Plaintext at the owner: there is nothing to collude on. The traced program sees "
        "the data; it has no way out but its outputs."
    },
    collusion_zh={
        "plain": "在提供方本地以明文计算，不存在串通问题。"
        "追踪得到的程序接触数据，除输出外没有出口。"
    },
    leaks={
        "owner": "learns the outputs.",
        "receiver": "learns the row count and all outputs; the manifest says what they reveal. An "
        "algorithm can give its inputs back as they are: read it before approving it.",
    },
    leaks_zh={
        "owner": "得知输出。",
        "receiver": "得知行数和全部输出；其含义见算法清单。"
        "算法可以原样输出其输入：批准前请先阅读。",
    },
)


def run(task: Task) -> None:
    """This party's part of the algorithm."""
    from hanse.compute.operators.own.running import run_plain

    run_plain(task)
