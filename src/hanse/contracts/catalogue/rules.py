"""Pure rules of the catalogue."""

from __future__ import annotations

from hanse.contracts.catalogue import errors
from hanse.contracts.catalogue.messages import DatasetDescription
from hanse.contracts.catalogue.types import DatasetRecord
from hanse.contracts.plain import duplicates, require_plain

MAX_POLICY_BYTES = 16 * 1024


def require_sound(description: DatasetDescription) -> None:
    """Refuse descriptions that contradict themselves.

    Raises:
        DuplicateFields, LevelTooLow, ObjectTooLarge, NotCanonical.
    """
    lists = {
        "field": [field.name for field in description.fields],
        "keyword": description.keywords,
        "operator": description.operators,
        "purpose": description.purposes,
    }
    for what, names in lists.items():
        twice = duplicates(names)
        if twice:
            raise errors.DuplicateFields(f"{what} {twice[0][:60]!r} is named twice")
    highest = max(field.level for field in description.fields)
    if description.level < highest:
        raise errors.LevelTooLow(f"a field has level {highest}")
    require_plain(description.policy, "the policy", MAX_POLICY_BYTES)


def describe(
    description: DatasetDescription,
    *,
    dataset: str,
    owner: str,
    revision: int,
    published_ms: int,
    updated_ms: int,
) -> DatasetRecord:
    """The catalogue entry of a description."""
    return DatasetRecord(
        id=dataset,
        owner=owner,
        title=description.title,
        description=description.description,
        keywords=description.keywords,
        fields=description.fields,
        row_count=description.row_count,
        commitment=description.commitment,
        level=description.level,
        operators=description.operators,
        purposes=description.purposes,
        price_points=description.price_points,
        provenance=description.provenance,
        policy=description.policy,
        revision=revision,
        published_ms=published_ms,
        updated_ms=updated_ms,
    )
