"""Gradient-boosted trees with decisions in the clear at the holder of the label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.operators.common import (
    LEVELS,
    MPC_COLLUSION,
    MPC_COLLUSION_ZH,
    MPC_PROTOCOLS,
    SEMI_HONEST,
)
from hanse.compute.operators.declaration import Memory, OperatorSpec, Port
from hanse.compute.operators.trees.declared import INPUTS, PARAMETERS

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="secure_boost",
    version=1,
    title="Joint boosted trees, SecureBoost style",
    title_zh="联合提升树（SecureBoost 方式）",
    summary="Gradient-boosted trees as in SecureBoost (Cheng et al., 2021), which are much "
    "cheaper than boosted_trees and tell the holder of the label more. The holder keeps labels, "
    "gradients and predictions to itself; sums of gradients over the other owners' candidate "
    "splits are computed on shares (in place of homomorphic encryption) and opened to the holder, "
    "who chooses every split in the clear. The owner of a chosen split tells the holder which "
    "rows of the node go right, and keeps the split; leaf weights are kept as shares by the "
    "computing nodes.",
    summary_zh="与 SecureBoost（Cheng 等，2021）相同的梯度提升树，开销远小于 boosted_trees，"
    "但标签方会得知更多。标签、梯度和预测只留在标签方；其他各方候选分裂上的梯度之和在分片上计算"
    "（代替同态加密）并只向标签方打开，由标签方在明文上选择每个分裂。被选中分裂的所属方告知标签方"
    "该节点中哪些行去右侧，并自行保留该分裂；叶子权重以分片形式存于算力节点。",
    roles={
        "owner": "turns its columns into candidate splits and shares what its rows answer; the "
        "holder of the label chooses the splits",
        "compute": "sums gradients on shares and keeps shares of the leaf weights",
    },
    roles_zh={
        "owner": "把自己的列变成候选分裂，并以分片形式交出各行的回答；标签方选择分裂",
        "compute": "在分片上对梯度求和，保存叶子权重的分片",
    },
    owners=(1, 16),
    inputs=INPUTS,
    outputs={
        "model": Port(
            kind="model",
            held_by=("owner", "compute"),
            help="Owners: their own splits. Computing nodes: shares of the leaf weights.",
            help_zh="数据提供方：自己的分裂；算力节点：叶子权重的分片。",
        ),
        "importance": Port(
            kind="report",
            held_by=("owner",),
            help="Gain of each of the owner's own columns, as the holder of the label found it.",
            help_zh="各方自己各列的增益（由标签方得出）。",
        ),
    },
    parameters=PARAMETERS,
    protocols=MPC_PROTOCOLS,
    levels=LEVELS,
    ranges="Gradients are integers whose sums stay below 2^30, whatever the number of rows; "
    "before anything is sent, more than 2^27 rows (times scale_pos_weight) are refused, and so "
    "is a number label more than 1,024 deviations from its mean.",
    ranges_zh="梯度取整后其和不超过 2^30，与行数无关；发送数据前，行数（乘以 scale_pos_weight）"
    "超过 2^27 或数值标签偏离均值超过 1024 个标准差则拒绝执行。",
    adversary_model=SEMI_HONEST,
    collusion=MPC_COLLUSION,
    collusion_zh=MPC_COLLUSION_ZH,
    leaks={
        "owner": "The holder of the label learns, for every node of every tree, the sums of "
        "gradients right of every candidate split of the other owners (not which value a "
        "candidate stands for, but the candidates of one column in their order), from which "
        "owner the chosen split comes, its place among that owner's candidates, and which rows "
        "go right. An owner of a chosen split learns which rows are in that node, the gain of "
        "the split, and where in the trees its own splits stand. Every owner learns the row "
        "counts, how many columns and candidates each other owner brings, who holds the label, and "
        "how many trees were grown.",
        "compute": "learns the row counts, how many columns each owner brings and how many "
        "candidate splits each has, who holds the label and how many trees were grown; no value, "
        "no split, no weight.",
    },
    leaks_zh={
        "owner": "标签方得知每棵树每个节点上其他各方每个候选分裂右侧的梯度之和"
        "（不知候选对应的取值，但知道同一列候选的顺序）、被选分裂属于哪一方及其在该方候选中的位置、哪些行去右侧。"
        "被选分裂的所属方得知该节点包含哪些行、该分裂的增益以及自己的分裂在树中的位置。"
        "各方得知行数、其他各方的列数和候选个数、标签由谁持有以及树的棵数。",
        "compute": "得知行数、各方的列数及每列候选分裂个数、标签由谁持有以及树的棵数；"
        "不会得知任何数值、分裂或权重。",
    },
    memory=Memory(base_mib=400, bytes_per_row=4000, bytes_per_cell=1200),
)


def run(task: Task) -> None:
    """This party's part of the training."""
    from hanse.compute.operators.trees.secure_training import train

    train(task)
