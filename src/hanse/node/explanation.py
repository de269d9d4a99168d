"""What a grant would reveal, in plain words, from the operators' own declarations."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from hanse.compute.errors import UnknownOperator
from hanse.compute.operators import explain, get_operator
from hanse.contracts.rights.types import GrantRecord

_AUDITORS = (
    "The network's auditors can open the evidence of each step: digests, parameters, row counts, "
    "and the metrics of a model's evaluation. They see no rows, no scores and no statistics."
)
_AUDITORS_ZH = (
    "网络的审计方可以打开每一步的存证：摘要、参数、行数以及模型评估指标；"
    "看不到数据行、分数和统计值。"
)


def explain_grant(grant: GrantRecord, names: Mapping[str, str], lang: str) -> list[str]:
    """Sentences for the steward who decides.

    Args:
        grant: as it stands on the ledger.
        names: display name by DID.
        lang: ``en`` or ``zh``.
    """
    owner = names.get(grant.owner) or grant.owner
    consumer = names.get(grant.consumer) or grant.consumer
    lines = _chinese(grant, owner, consumer) if lang == "zh" else _english(grant, owner, consumer)
    # A consumer usually brings a table of its own, and then learns what owners learn.
    roles = {"owner": [owner, consumer], "receiver": [consumer]}
    for name in grant.terms.operators:
        lines.extend(_operator(name, roles, lang))
    lines.append(_AUDITORS_ZH if lang == "zh" else _AUDITORS)
    return lines


def _operator(name: str, roles: Mapping[str, list[str]], lang: str) -> list[str]:
    try:
        spec = get_operator(name)
    except UnknownOperator:
        if lang == "zh":
            return [f"{name}：本节点不认识此算子，无法说明其泄露内容。"]
        return [f"{name}: this node does not know the operator and cannot say what it reveals."]
    title = spec.title_zh if lang == "zh" else spec.title
    mark = "：" if lang == "zh" else ": "
    return [f"{name}{mark}{title}", *(f"  {line}" for line in explain(spec, roles, lang))]


def _english(grant: GrantRecord, owner: str, consumer: str) -> list[str]:
    terms = grant.terms
    uses = "one flow" if terms.uses == 1 else f"{terms.uses} flows"
    return [
        f"{consumer} asks {owner} for the use of {grant.dataset} in {uses}, "
        f"until {_day(terms.not_after_ms)}.",
        f"Purpose: {terms.purpose}.",
        f"Fields that enter: {', '.join(terms.fields)}.",
        f"Price: {terms.price_points} points for each use.",
        f"Operators that may touch the data, and what each reveals: {len(terms.operators)}.",
    ]


def _chinese(grant: GrantRecord, owner: str, consumer: str) -> list[str]:
    terms = grant.terms
    return [
        f"{consumer} 向 {owner} 申请使用 {grant.dataset}，"
        f"共 {terms.uses} 次，有效期至 {_day(terms.not_after_ms)}。",
        f"用途：{terms.purpose}。",
        f"参与计算的字段：{'、'.join(terms.fields)}。",
        f"价格：每次 {terms.price_points} 积分。",
        f"可以处理该数据的算子及各自泄露的内容（{len(terms.operators)} 个）：",
    ]


def _day(time_ms: int) -> str:
    moment = datetime.datetime.fromtimestamp(time_ms / 1000, datetime.UTC)
    return moment.strftime("%Y-%m-%d %H:%M UTC")
