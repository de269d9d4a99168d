"""Make a scorecard: coefficients to the owners of their columns, base points to receivers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.compute.errors import BadInput, BadRoles
from hanse.compute.operators.features.binning import FAMILY, BinningRecipe
from hanse.compute.operators.model import ModelPart, model_id
from hanse.compute.operators.models.card import (
    SCORECARD,
    Card,
    Scaling,
    lines_of,
    make_card,
    scaling_of,
    without_counts,
)
from hanse.compute.operators.models.errors import NoBins
from hanse.compute.operators.models.reading_out import Reading, Units, begin, open_for, units_of
from hanse.compute.operators.sharing import run_program
from hanse.compute.operators.telling import tell_receivers

if TYPE_CHECKING:
    from hanse.compute.engines.programs import Program
    from hanse.compute.worker.task import Task

BASE = "base"


def make(task: Task) -> None:
    """This party's part."""
    recipes: list[BinningRecipe] = []
    reading = begin(task, _shift, lambda part: recipes.append(_checked(task, part)), tested=False)
    scaling = scaling_of(
        task.decimal("base_score"),
        task.decimal("base_odds"),
        task.decimal("pdo"),
        whole=bool(task.parameters["whole"]),
    )
    if reading.machine is not None:
        run_program(task, reading.machine, _program(task, reading, scaling), "score")
    seen: dict[str, list[str]] = {alias: [BASE] for alias in task.parties("receiver")}
    for alias in reading.widths:
        seen[alias].append(f"weights-{alias}")
    opened = open_for(task, reading, seen)
    card = Card([], [], [])
    if f"weights-{task.me}" in opened and reading.part is not None:
        card = _card(reading.part, recipes[0], opened[f"weights-{task.me}"], scaling)
    _keep(task, reading, card, scaling)
    told = _told(task, reading, card)
    if task.is_in("receiver"):
        report = {"base_points": float(opened[BASE][0]), **_settings(task), "columns": told}
        task.keep_bytes("report", msgspec.json.encode(report), {})
    task.finish()


def _shift(units: Units) -> dict[str, Any]:
    return {"shift": units.shift.astype("float32")} if len(units.matrix) else {}


def _checked(task: Task, part: ModelPart) -> BinningRecipe:
    """This owner's bins: of every column its part of the model learnt from.

    Raises:
        BadInput: for a recipe of another operator.
        NoBins: naming a column without bins.
        BadRoles: when the owner would learn points without being a receiver.
    """
    recipe: BinningRecipe = task.payload("recipe", BinningRecipe)
    if recipe.family != FAMILY:
        raise BadInput("the recipe is not of woe_binning")
    known = {bins.name for bins in recipe.columns}
    for feature in part.recipe.features if part.recipe else []:
        if feature.what != "value" or feature.column not in known:
            raise NoBins(f"the model learnt from {feature.column!r}, which has no bins")
        if not task.is_in("receiver"):
            raise BadRoles(f"{task.me} would learn its points, but is no receiver of this step")
    return recipe


def _program(task: Task, reading: Reading, scaling: Scaling) -> Program:
    from hanse.compute.engines.programs import Input, Program

    widths = reading.widths
    total = sum(widths.values()) + 1
    return Program(
        name="scorecard-points",
        load=_load,
        static={
            "widths": ",".join(map(str, widths.values())),
            "offset": scaling.offset,
            "factor": scaling.factor,
            "whole": int(scaling.whole),
        },
        inputs=[
            *(Input(f"shift-{alias}", "float32", (width,)) for alias, width in widths.items()),
            Input("weights", "float32", (total,)),
        ],
        outputs=[BASE, *(f"weights-{alias}" for alias in widths)],
        release=task.manifest.code,
    )


def _load() -> Callable[..., Any]:
    from hanse.compute.operators.models.readout import points

    return points


def _card(part: ModelPart, recipe: BinningRecipe, weights: Any, scaling: Scaling) -> Card:
    names = [feature.column for feature in part.recipe.features] if part.recipe else []
    return make_card(recipe, names, units_of(part).matrix @ weights, scaling)


def _keep(task: Task, reading: Reading, card: Card, scaling: Scaling) -> None:
    """This party's part of the scorecard, as a model."""
    if reading.part is None:
        return
    by_did = {task.manifest.party(alias).did: count for alias, count in reading.counts.items()}
    owners = [task.manifest.party(alias).did for alias in task.parties("owner")]
    part = ModelPart(
        family=SCORECARD,
        model=model_id(task),
        protocol=task.manifest.protocol,
        nodes=reading.part.nodes,
        widths={did: by_did.get(did, 0) for did in owners},
        settings={
            "holder": reading.part.settings["holder"],
            "scaling": msgspec.to_builtins(scaling),
        },
        shares={BASE: reading.machine.get(BASE)} if reading.machine is not None else {},
        own=msgspec.msgpack.encode(card) if task.is_in("owner") else b"",
    )
    task.keep_bytes("model", msgspec.msgpack.encode(part), {"model": part.model})


def _told(task: Task, reading: Reading, card: Card) -> list[dict[str, Any]]:
    """Lines of the report at a receiver: its own, or everybody's."""
    own = lines_of(card)
    if task.text("disclose") != "all":
        return [{"owner": task.me, **line} for line in own]
    told = tell_receivers(task, reading.link, without_counts(own), list[dict[str, Any]])
    return [
        {"owner": alias, **line}
        for alias, lines in told.items()
        for line in (own if alias == task.me else lines)
    ]


def _settings(task: Task) -> dict[str, Any]:
    names = ("base_score", "base_odds", "pdo")
    return {**{name: task.decimal(name) for name in names}, "whole": task.parameters["whole"]}
