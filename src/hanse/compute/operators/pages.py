"""The operators' page of the documentation, written from the declarations.

``python -m hanse.compute.operators.pages docs`` writes ``operators.md`` and
``operators.zh-CN.md``; a test sees that they are current.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from hanse.compute.operators.declaration import (
    ROLE_NAMES,
    Memory,
    OperatorSpec,
    Parameter,
    Port,
    Role,
)
from hanse.compute.operators.registry import operators

FILES = {"en": "operators.md", "zh": "operators.zh-CN.md"}
WORDS = {
    "en": {
        "title": "Operators",
        "intro": "What can be computed jointly, what each operator needs, and what every party "
        "learns. Written from the declarations the program itself checks against "
        "(`python -m hanse.compute.operators.pages docs`). Parameters that are no whole numbers "
        "are written as decimal strings in flows.",
        "roles": "Who does what",
        "inputs": "Inputs",
        "outputs": "Outputs",
        "port": "name",
        "kind": "kind",
        "held": "held by",
        "meaning": "meaning",
        "parameters": "Parameters",
        "type": "type",
        "default": "default",
        "range": "range",
        "required": "required",
        "ranges": "Value ranges",
        "protocols": "Protocols and adversary",
        "levels": "Data levels",
        "leaks": "Who learns what",
        "none": "None.",
        "version": "version",
        "empty": "(empty)",
        "optional": "optional",
        "memory": "Memory of a worker: {base} MiB, and {row} bytes per row and {cell} per value.",
    },
    "zh": {
        "title": "算子",
        "intro": "可以联合计算什么、每个算子需要什么、各方会得知什么。本页由程序自身"
        "据以校验的声明生成（`python -m hanse.compute.operators.pages docs`）。"
        "流程中非整数参数写成十进制字符串。",
        "roles": "角色分工",
        "inputs": "输入",
        "outputs": "输出",
        "port": "名称",
        "kind": "种类",
        "held": "持有方",
        "meaning": "说明",
        "parameters": "参数",
        "type": "类型",
        "default": "默认值",
        "range": "范围",
        "required": "必填",
        "ranges": "取值范围",
        "protocols": "协议与敌手模型",
        "levels": "数据级别",
        "leaks": "谁会得知什么",
        "none": "无。",
        "version": "版本",
        "empty": "（空）",
        "optional": "可选",
        "memory": "工作进程内存：{base} MiB，另加每行 {row} 字节、每个数值 {cell} 字节。",
    },
}


def page(lang: str) -> str:
    """The whole page in ``en`` or ``zh``, Markdown."""
    words = WORDS[lang]
    specs = operators()
    index = "\n".join(f"- [{name}](#{name}) — {_title(spec, lang)}" for name, spec in specs.items())
    parts = [f"# {words['title']}", words["intro"], index]
    parts.extend(_operator(spec, lang) for spec in specs.values())
    return "\n\n".join(parts) + "\n"


def _title(spec: OperatorSpec, lang: str) -> str:
    return spec.title_zh if lang == "zh" else spec.title


def _operator(spec: OperatorSpec, lang: str) -> str:
    words, chinese = WORDS[lang], lang == "zh"
    blocks = [
        f"## {spec.name}",
        f"**{_title(spec, lang)}**, {words['version']} {spec.version}. "
        + (spec.summary_zh if chinese else spec.summary),
        f"### {words['leaks']}",
        _by_role(spec.leaks_zh if chinese else spec.leaks, lang),
        f"### {words['roles']}",
        _by_role(spec.roles_zh if chinese else spec.roles, lang),
        f"### {words['inputs']}",
        _ports(spec.inputs, lang),
        f"### {words['outputs']}",
        _ports(spec.outputs, lang),
        f"### {words['parameters']}",
        _parameters(spec.parameters, lang),
        f"### {words['ranges']}",
        spec.ranges_zh if chinese else spec.ranges,
        f"### {words['protocols']}",
        _collusion(spec, lang),
        f"{words['levels']}: {', '.join(str(level) for level in spec.levels)} (JR/T 0197-2020).",
        _memory(spec.memory, words["memory"]),
    ]
    return "\n\n".join(blocks)


def _memory(memory: Memory, text: str) -> str:
    return text.format(base=memory.base_mib, row=memory.bytes_per_row, cell=memory.bytes_per_cell)


def _by_role(texts: Mapping[Role, str], lang: str) -> str:
    names = ROLE_NAMES[lang]
    return "\n".join(f"- **{names[role]}** (`{role}`): {text}" for role, text in texts.items())


def _ports(ports: dict[str, Port], lang: str) -> str:
    words, names = WORDS[lang], ROLE_NAMES[lang]
    rows = [
        (
            f"`{name}`" + (f" ({words['optional']})" if port.optional else ""),
            port.kind,
            ", ".join(names[role] for role in port.held_by),
            port.help_zh if lang == "zh" else port.help,
        )
        for name, port in ports.items()
    ]
    return _table((words["port"], words["kind"], words["held"], words["meaning"]), rows)


def _parameters(parameters: dict[str, Parameter], lang: str) -> str:
    words = WORDS[lang]
    if not parameters:
        return words["none"]
    rows = [
        (
            f"`{name}`",
            parameter.type,
            _default(parameter, words),
            _range(parameter),
            parameter.help_zh if lang == "zh" else parameter.help,
        )
        for name, parameter in parameters.items()
    ]
    heads = (words["port"], words["type"], words["default"], words["range"], words["meaning"])
    return _table(heads, rows)


def _default(parameter: Parameter, words: dict[str, str]) -> str:
    if parameter.required:
        return words["required"]
    return f"`{parameter.default}`" if parameter.default != [] else words["empty"]


def _range(parameter: Parameter) -> str:
    if parameter.choices:
        return ", ".join(f"`{choice}`" for choice in parameter.choices)
    if parameter.minimum is None and parameter.maximum is None:
        return ""
    return f"{parameter.minimum} – {parameter.maximum}"


def _collusion(spec: OperatorSpec, lang: str) -> str:
    texts = spec.collusion_zh if lang == "zh" else spec.collusion
    return "\n".join(f"- `{protocol}`: {text}" for protocol, text in texts.items())


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def write(folder: Path) -> None:
    """Write the page in both languages."""
    for lang, name in FILES.items():
        (folder / name).write_text(page(lang), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
