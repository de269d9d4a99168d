"""Score aligned rows with a joint model for the receivers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hanse.compute.operators.common import (
    LEVELS,
    MINIMUM_ROWS,
    MPC_COLLUSION,
    MPC_COLLUSION_ZH,
    MPC_PROTOCOLS,
    SEMI_HONEST,
)
from hanse.compute.operators.declaration import OperatorSpec, Parameter, Port

if TYPE_CHECKING:
    from hanse.compute.operators.scoring import Opened
    from hanse.compute.worker.task import Task

POINT_DIGITS = 3

SPEC = OperatorSpec(
    name="predict",
    version=1,
    title="Joint scoring",
    title_zh="联合打分",
    summary="Scores every row of the aligned tables on shares and opens the scores to the "
    "receivers: a probability, a number in the label's units, points of a scorecard, a probability "
    "for each class, a cluster or components, as the model has it. A receiver that is an owner "
    "gets its own keys beside the scores; another gets row numbers.",
    summary_zh="在分片上为对齐表的每一行打分，只向接收方打开：依模型类型为概率、"
    "以标签单位计的数值、"
    "评分卡分数、各类概率、簇编号或主成分。接收方若是数据提供方，"
    "分数旁附有自己的标识；否则附行号。",
    roles={
        "owner": "prepares its columns by its recipe and shares them",
        "compute": "scores on shares with its share of the model",
        "receiver": "opens the scores",
    },
    roles_zh={
        "owner": "按训练时的规则处理自己的列并以分片形式交出",
        "compute": "用模型分片在分片上打分",
        "receiver": "打开分数",
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
            kind="table", held_by=("owner",), help="Aligned table.", help_zh="对齐后的表。"
        ),
    },
    outputs={
        "scores": Port(
            kind="scores",
            held_by=("receiver",),
            help="Keys (or row numbers) and predictions.",
            help_zh="标识（或行号）与预测值。",
        )
    },
    parameters={
        "minimum_rows": MINIMUM_ROWS,
        "maximum_rows": Parameter(
            type="integer",
            default=0,
            minimum="0",
            maximum="1000000000",
            help="The step is refused when there are more rows; 0 for no limit. A model of an "
            "earlier flow needs a limit, and it is counted.",
            help_zh="行数多于此值时拒绝执行；0 表示不限。"
            "使用先前流程的模型时必须设定，并计入次数。",
        ),
    },
    protocols=MPC_PROTOCOLS,
    levels=LEVELS,
    ranges="Prepared values lie within ±10, as in training.",
    ranges_zh="与训练时相同，处理后的数值在 ±10 以内。",
    adversary_model=SEMI_HONEST,
    collusion=MPC_COLLUSION,
    collusion_zh=MPC_COLLUSION_ZH,
    leaks={
        "owner": "learns the row count.",
        "compute": "learns the row count; no value, no weight, no score.",
        "receiver": "learns the score of every row, and of a number label the mean and deviation "
        "it had in training. With its own columns and enough scores it can "
        "estimate what the other owners' columns add to each row's score.",
    },
    leaks_zh={
        "owner": "得知行数。",
        "compute": "得知行数；不会得知任何数值、权重或分数。",
        "receiver": "得知每一行的分数；数值标签还包括其训练时的均值和标准差。"
        "结合自己的列和足够多的分数，可推测其他方的列对每行分数的贡献。",
    },
)


def run(task: Task) -> None:
    """This party's part of the scoring."""
    from hanse.compute.operators.scoring import open_scores

    opened = open_scores(task, lambda _part: None, most=task.integer("maximum_rows"))
    if opened is not None:
        keep_scores(task, opened)
    task.finish()


def keep_scores(task: Task, opened: Opened) -> None:
    """Write keys (or row numbers) and predictions as a table."""
    import numpy as np
    import pyarrow as pa

    from hanse.data.batches import ArrowTable

    keys: list[str] = []
    held = pa.table({"row": np.arange(1, len(opened.scores) + 1)})
    if task.is_in("owner"):
        granted = {column.name for column in task.readable("table")}
        keys = [name for name in task.meta("table").get("key_columns", []) if name in granted]
        if keys:
            held = task.table("table").to_arrow(keys)
    names = []
    for wanted, values in columns_of(opened).items():
        name = wanted if wanted not in held.column_names else f"hanse_{wanted}"
        held = held.append_column(name, pa.array(values))
        names.append(name)
    meta = {"key_columns": keys, "score": names[0], "scores": names}
    task.keep_table("scores", ArrowTable(held), meta)


def columns_of(opened: Opened) -> dict[str, Any]:
    """Predictions by column: one ``score``, or one column for each output."""
    import numpy as np

    from hanse.compute.operators.families import family_of

    predicted = opened.predictions()
    if opened.target == "clusters":
        return {"cluster": np.rint(predicted).astype(np.int64)}
    if family_of(opened.model.family).scaled is not None:
        return {"score": np.round(predicted, POINT_DIGITS)}
    if predicted.ndim == 1:
        return {"score": predicted}
    if opened.target == "components":
        return {f"component_{at + 1}": values for at, values in enumerate(predicted.T)}
    scores = {
        f"score_{name}": values for name, values in zip(opened.classes, predicted.T, strict=True)
    }
    said = np.asarray(opened.classes)[predicted.argmax(axis=1)]
    return {"score": predicted.max(axis=1), "predicted": said.tolist()} | scores
