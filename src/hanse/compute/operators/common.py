"""Texts and parameters that several declarations share."""

from __future__ import annotations

from hanse.compute.operators.declaration import Memory, Parameter

MPC_PROTOCOLS = ("aby3", "cheetah")
UNBALANCED = "ecdh_unbalanced"
PSI_PROTOCOLS = ("rr22", "kkrt", "ecdh", "ecdh_sm2", UNBALANCED)
LEVELS = (1, 2, 3, 4)

SEMI_HONEST = "semi-honest"

MPC_COLLUSION = {
    "aby3": "ABY3, three computing nodes, semi-honest: as long as no two of them pool what they "
    "hold, none learns more than stated. Aborts and malformed messages are detected, wrong "
    "shares are not.",
    "cheetah": "CHEETAH, two computing nodes, semi-honest: neither learns more than stated. "
    "Aborts and malformed messages are detected, wrong shares are not.",
}
MPC_COLLUSION_ZH = {
    "aby3": "ABY3，三个算力节点，半诚实模型：只要其中任意两方不串通，"
    "任何一方都不会得到上述以外的信息。"
    "可发现中止和格式错误的消息，不能发现错误的分片。",
    "cheetah": "CHEETAH，两个算力节点，半诚实模型：任何一方都不会得到上述以外的信息。"
    "可发现中止和格式错误的消息，不能发现错误的分片。",
}
PSI_COLLUSION = {
    "rr22": "RR22 private set intersection between the two owners, semi-honest. An owner that "
    "enters keys it does not really hold learns whether the other holds them.",
    "ecdh": "ECDH private set intersection on Curve25519 between the two owners, semi-honest. An "
    "owner that enters keys it does not really hold learns whether the other holds them.",
    "ecdh_sm2": "ECDH private set intersection on the SM2 curve (GB/T 32918) between the two "
    "owners, semi-honest. An owner that enters keys it does not really hold learns whether the "
    "other holds them.",
    "kkrt": "KKRT private set intersection by oblivious transfer (CCS 2016) between the two "
    "owners, semi-honest. An owner that enters keys it does not really hold learns whether the "
    "other holds them.",
    UNBALANCED: "The receiver (of align: the owner of the left table) asks the other for an "
    "oblivious pseudo-random function of its keys (2HashDH on Curve25519) and compares with a list "
    "of the other's keys under it, which both keep for the next time; semi-honest. The receiver "
    "also learns whether the table is that of an earlier session with it. Keys it does not really "
    "hold it can ask for as for its own, as many as it has said; of align it may tell the other "
    "anything about what is common.",
}
PSI_COLLUSION_ZH = {
    "rr22": "两个数据提供方之间的 RR22 隐私求交，半诚实模型。若一方输入自己并不持有的标识，"
    "可得知对方是否持有它们。",
    "ecdh": "两个数据提供方之间基于 Curve25519 的 ECDH 隐私求交，半诚实模型。"
    "若一方输入自己并不持有的"
    "标识，可得知对方是否持有它们。",
    "ecdh_sm2": "两个数据提供方之间基于 SM2 曲线（GB/T 32918）的 ECDH 隐私求交，半诚实模型。"
    "若一方输入自己并不持有的标识，可得知对方是否持有它们。",
    "kkrt": "两个数据提供方之间基于不经意传输的 KKRT 隐私求交（CCS 2016），半诚实模型。"
    "若一方输入自己并不持有的标识，可得知对方是否持有它们。",
    UNBALANCED: "接收方（align 中为左表的提供方）通过不经意伪随机函数（Curve25519 上的 2HashDH）"
    "得到自己标识的函数值，与对方标识的函数值列表比对；双方保存该列表供下次使用；半诚实模型。"
    "接收方还可得知该表是否与此前会话中的相同。对自己并不持有的标识，接收方同样可以查询"
    "（不超过其声明的数量）；在 align 中对方只能相信接收方告知的共有结果。",
}

KEY_PARAMETERS = {
    "left_key": Parameter(
        type="texts",
        help="Key column or columns of the left table, in order.",
        help_zh="左表的标识列（可多列，按顺序）。",
        columns_of=("left",),
    ),
    "right_key": Parameter(
        type="texts",
        help="Key column or columns of the right table, in the same order.",
        help_zh="右表的标识列（可多列，顺序相同）。",
        columns_of=("right",),
    ),
    "key_type": Parameter(
        type="text",
        default="text",
        choices=("text", "integer", "date"),
        help="How keys are read before matching: integer makes 007 and 7 equal, date reads "
        "ISO 8601 days.",
        help_zh="匹配前如何解释标识：integer 使 007 与 7 相等，date 按 ISO 8601 日期解释。",
    ),
    "case": Parameter(
        type="text",
        default="exact",
        choices=("exact", "lower"),
        help="Whether letter case counts (exact) or not (lower).",
        help_zh="是否区分大小写：exact 区分，lower 不区分。",
    ),
    "duplicates": Parameter(
        type="text",
        default="refuse",
        choices=("refuse", "first"),
        help="What to do when a key stands in several rows of a table: refuse the step, or take "
        "the first of the rows and leave the others out.",
        help_zh="同一标识在表中出现多次时：refuse 拒绝执行，first 只取第一行。",
    ),
}

PART_KEYS = Parameter(
    type="integer",
    default=2_097_152,
    minimum="1000",
    maximum="134217728",
    help="Larger tables are compared in parts of about so many keys, one after the other: fewer "
    "take less memory and more time.",
    help_zh="较大的表按约此数量的标识分段依次求交：取值越小，内存越少，耗时越长。",
)

LOCAL = ("local",)
LOCAL_COLLUSION = {"local": "Local to each owner: there is nothing to collude on."}
LOCAL_COLLUSION_ZH = {"local": "各方在本地执行，不存在串通问题。"}

NOT_LEARNT_FROM = Parameter(
    type="texts",
    default=[],
    help="Columns not to learn from.",
    help_zh="不参与训练的列。",
    columns_of=("table",),
)
MAX_CATEGORIES = Parameter(
    type="integer",
    default=10,
    minimum="1",
    maximum="100",
    help="Frequent values of a text column that get a column of their own.",
    help_zh="文本列中单独成列的常见取值个数。",
)

MINIMUM_ROWS = Parameter(
    type="integer",
    default=20,
    minimum="5",
    maximum="1000000",
    help="The step is refused when there are fewer rows.",
    help_zh="行数少于此值时拒绝执行。",
)


def checkpoint_every(what: str, what_zh: str, default: int = 1) -> Parameter:
    """How often a step keeps what it needs to go on after a crash."""
    return Parameter(
        type="integer",
        default=default,
        minimum="0",
        maximum="1000",
        help=f"Keep a checkpoint after so many {what}, from which the step goes on when it has to "
        "be repeated; 0: keep none and begin again.",
        help_zh=f"每隔多少{what_zh}保存一次检查点，步骤重试时由此继续；0 表示不保存、从头开始。",
    )


MATCHING_MEMORY = Memory(base_mib=400, bytes_per_row=300, bytes_per_cell=24)
"""Peaks of a worker: 348 MiB at 100,000 rows a side, 755 at a million, 997 at three."""
DUPLICATES = Parameter(
    type="text",
    default="refuse",
    choices=("refuse", "first", "all"),
    help="What to do when a key stands in several rows of a table: refuse the step, take the first "
    "of the rows and leave the others out, or compare the key once and give the receiver all its "
    "rows that have it.",
    help_zh="同一标识在表中出现多次时：refuse 拒绝执行；first 只取第一行；"
    "all 标识只比对一次，接收方得到自己含该标识的所有行。",
)
MATCHING_PARAMETERS = {
    **KEY_PARAMETERS,
    "part_keys": PART_KEYS,
    "checkpoint_every": checkpoint_every("parts", "个分段"),
}

LABEL = Parameter(
    type="text",
    help="The label column (0 and 1); exactly one owner holds it.",
    help_zh="标签列（0 和 1），只能由一个数据提供方持有。",
    columns_of=("table",),
)

ANY_LABEL = Parameter(
    type="text",
    help="The label column: what the model predicts; exactly one owner holds it.",
    help_zh="标签列（模型预测的目标），只能由一个数据提供方持有。",
    columns_of=("table",),
)
