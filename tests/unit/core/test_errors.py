"""One catalogue of errors; codes are unique and rebuild their class."""

import importlib
import pkgutil
import re

import pytest

import hanse
from hanse.core import errors


def _import_everything() -> None:
    for module in pkgutil.walk_packages(hanse.__path__, "hanse."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def test_every_error_has_code_help_and_valid_status() -> None:
    _import_everything()
    for code, cls in errors.catalogue().items():
        assert re.fullmatch(r"[a-z_]+\.[a-z0-9_]+", code)
        assert cls.help.endswith(".")
        assert 400 <= cls.status < 600
        assert 0 < cls.exit_code < 128


def test_duplicate_code_is_refused() -> None:
    with pytest.raises(TypeError):
        type("Second", (errors.InputError,), {"code": "input.invalid"})


def test_error_for_known_code_rebuilds_the_class() -> None:
    error = errors.error_for("state.conflict", "busy")
    assert isinstance(error, errors.ConflictError)
    assert error.as_dict()["message"] == "busy"


def test_error_for_unknown_code_keeps_the_code() -> None:
    error = errors.error_for("new.thing", "text")
    assert isinstance(error, errors.InternalError)
    assert "new.thing" in error.message
