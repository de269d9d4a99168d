"""Measure a joint model on test rows: the holder of the label opens scores and metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.operators.common import (
    ANY_LABEL,
    LEVELS,
    MINIMUM_ROWS,
    MPC_COLLUSION,
    MPC_COLLUSION_ZH,
    MPC_PROTOCOLS,
    SEMI_HONEST,
)
from hanse.compute.operators.declaration import OperatorSpec, Parameter, Port

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

SPEC = OperatorSpec(
    name="evaluate",
    version=1,
    title="Evaluation of a joint model",
    title_zh="联合模型评估",
    summary="Scores the test rows on shares, opens the scores to the receiver, who must hold the "
    "label, and computes there what fits the model. Two classes: AUC, KS, average precision, log "
    "loss, Brier score, accuracy, precision, recall, F1 and confusion table, and the points of "
    "ROC, precision-recall, KS, gains, lift and calibration curves. Several classes: accuracy, log "
    "loss, confusion table, and precision, recall and F1 of each class. Numbers: RMSE, MAE, R² "
    "and the quantiles of the errors.",
    summary_zh="在分片上为测试行打分，只向持有标签的接收方打开分数，并在其本地按模型类型计算指标。"
    "二分类：AUC、KS、平均精度、对数损失、Brier 分数、准确率、精确率、召回率、F1 和混淆矩阵，以及 "
    "ROC、精确率–召回率、KS、增益、提升和校准曲线的坐标点。多分类：准确率、对数损失、混淆矩阵以及各类的"
    "精确率、召回率和 F1。回归：RMSE、MAE、R² 和误差分位数。",
    roles={
        "owner": "prepares its columns by its recipe and shares them",
        "compute": "scores on shares with its share of the model",
        "receiver": "the owner of the label; opens the scores and computes the metrics",
    },
    roles_zh={
        "owner": "按训练时的规则处理自己的列并以分片形式交出",
        "compute": "用模型分片在分片上打分",
        "receiver": "标签持有方；打开分数并计算指标",
    },
    owners=(1, 16),
    inputs={
        "model": Port(
            kind="model",
            held_by=("owner", "compute"),
            help="Trained model.",
            help_zh="训练好的模型。",
        ),
        "table": Port(
            kind="table", held_by=("owner",), help="Aligned test table.", help_zh="对齐后的测试表。"
        ),
    },
    outputs={
        "report": Port(
            kind="report",
            held_by=("receiver",),
            help="Metrics.",
            help_zh="评估指标。",
            open_to_auditors=True,
        )
    },
    parameters={
        "label": ANY_LABEL,
        "threshold": Parameter(
            type="decimal",
            default="0.5",
            minimum="0.001",
            maximum="0.999",
            help="Scores from here on count as positive in the confusion table.",
            help_zh="混淆矩阵中判为正类的分数阈值。",
        ),
        "minimum_rows": MINIMUM_ROWS,
    },
    protocols=MPC_PROTOCOLS,
    levels=LEVELS,
    ranges="Prepared values lie within ±10, as in training.",
    ranges_zh="与训练时相同，处理后的数值在 ±10 以内。",
    adversary_model=SEMI_HONEST,
    collusion=MPC_COLLUSION,
    collusion_zh=MPC_COLLUSION_ZH,
    leaks={
        "owner": "learns the row count of the test table.",
        "compute": "learns the row count of the test table; no value, no weight, no score.",
        "receiver": "learns the score of every test row, and so all metrics, and of a number label "
        "the mean and deviation it had in training. With its own columns and enough scores it can "
        "estimate what the other owners' columns add to each row's score.",
    },
    leaks_zh={
        "owner": "得知测试表的行数。",
        "compute": "得知测试表的行数；不会得知任何数值、权重或分数。",
        "receiver": "得知每个测试行的分数及全部指标；数值标签还包括其训练时的均值和标准差。"
        "结合自己的列和足够多的分数，"
        "可推测其他方的列对每行分数的贡献。",
    },
)


def run(task: Task) -> None:
    """This party's part of the evaluation."""
    import msgspec

    from hanse.compute.operators.scoring import open_scores
    from hanse.compute.operators.truth import Truth

    truth = Truth(task)
    opened = open_scores(task, truth.read)
    if opened is not None:
        report = truth.report(opened, task.decimal("threshold"))
        task.keep_bytes("report", msgspec.json.encode(report), {})
    task.finish()
