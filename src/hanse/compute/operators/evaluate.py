"""Measure a joint model on test rows: the holder of the label opens scores and metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.errors import BadRoles
from hanse.compute.operators.common import (
    LABEL,
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
    "label, and computes there: AUC, KS, log loss, confusion table and ROC points.",
    summary_zh="在分片上为测试行打分，只向持有标签的接收方打开分数，并在其本地计算 AUC、KS、"
    "对数损失、"
    "混淆矩阵和 ROC 曲线。",
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
        "label": LABEL,
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
        "receiver": "learns the score of every test row, and so all metrics. With its own columns "
        "and enough scores it can estimate what the other owners' columns add to each row's score.",
    },
    leaks_zh={
        "owner": "得知测试表的行数。",
        "compute": "得知测试表的行数；不会得知任何数值、权重或分数。",
        "receiver": "得知每个测试行的分数及全部指标。结合自己的列和足够多的分数，"
        "可推测其他方的列对每行分数的贡献。",
    },
)


def run(task: Task) -> None:
    """This party's part of the evaluation."""
    import msgspec

    from hanse.compute.operators import metrics
    from hanse.compute.operators.labels import read_labels
    from hanse.compute.operators.scoring import open_scores

    labels = []

    def check() -> None:
        if not task.is_in("receiver"):
            return
        name = task.text("label")
        columns = task.readable("table") if task.is_in("owner") else []
        column = next((c for c in columns if c.name == name), None)
        if len(task.parties("receiver")) != 1 or column is None:
            raise BadRoles(f"evaluate has one receiver, the owner of the label {name!r}")
        labels.append(read_labels(task.table("table"), column))

    scores = open_scores(task, check)
    if scores is not None:
        report = metrics.evaluate(labels[0], scores, task.decimal("threshold"))
        task.keep_bytes("report", msgspec.json.encode(report), {})
    task.finish()
