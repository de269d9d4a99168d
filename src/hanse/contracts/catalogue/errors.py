"""Named refusals of the catalogue."""

from __future__ import annotations

from hanse.core.errors import AuthorizationError, ConflictError, InputError, NotFoundError


class DatasetNotFound(NotFoundError):
    """No such dataset."""

    code = "catalogue.dataset_not_found"
    help = "Search the catalogue for the dataset's identifier."


class DatasetWithdrawnError(ConflictError):
    """The dataset is withdrawn."""

    code = "catalogue.dataset_withdrawn"
    help = "The owner took the dataset back; look for another one."


class NotYourDataset(AuthorizationError):
    """The dataset belongs to somebody else."""

    code = "catalogue.not_your_dataset"
    help = "Only the owner changes or withdraws a dataset."


class DuplicateFields(InputError):
    """A field, operator, purpose or keyword is named twice."""

    code = "catalogue.duplicate_names"
    help = "Name every field, operator, purpose and keyword once."


class LevelTooLow(InputError):
    """The dataset's level is below a field's."""

    code = "catalogue.level_too_low"
    help = "A dataset is at least as sensitive as its most sensitive field."


class ResourceNotFound(NotFoundError):
    """No such computing resource."""

    code = "catalogue.resource_not_found"
    help = "Search the catalogue for the resource's identifier."


class ResourceWithdrawnError(ConflictError):
    """The computing resource is withdrawn."""

    code = "catalogue.resource_withdrawn"
    help = "The provider took the resource back."


class NotYourResource(AuthorizationError):
    """The resource belongs to somebody else."""

    code = "catalogue.not_your_resource"
    help = "Only the provider withdraws a resource."
