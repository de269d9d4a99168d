"""Named errors as answers: ``{"error": {code, message, help, retryable, request_id}}``."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from hanse.api.errors import InvalidRequest, describe
from hanse.core.errors import HanseError, InternalError, RateLimitError
from hanse.node.errors import DatabaseUnavailable, NoSuchRoute
from hanse.node.http.caller import RequestState, state_of
from hanse.node.observability.logs import logger

_log = logger("node.http")
_MAXIMUM_FAULTS = 8


def error_response(error: HanseError, request_id: str) -> JSONResponse:
    """The answer to a named error."""
    body: dict[str, Any] = {**error.as_dict(), "request_id": request_id}
    headers = {"Retry-After": "5"} if isinstance(error, RateLimitError) else None
    return JSONResponse({"error": body}, status_code=error.status, headers=headers)


def install_error_handlers(app: FastAPI) -> None:
    """Map every exception to a named error."""
    app.add_exception_handler(HanseError, _named)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(SQLAlchemyError, _database)
    app.add_exception_handler(Exception, _unexpected)


def _answer(request: Request, error: HanseError) -> JSONResponse:
    state: RequestState = state_of(request)
    state.error_code = error.code
    if error.debug:
        _log.info("error.debug", code=error.code, debug=error.debug)
    return error_response(error, state.request_id)


async def _named(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HanseError)
    return _answer(request, error)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return _answer(request, InvalidRequest(describe(error.errors()[:_MAXIMUM_FAULTS])))


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, HanseError):  # raised while the body was being read
        return _answer(request, error.__cause__)
    if error.status_code in {404, 405}:
        return _answer(request, NoSuchRoute())
    if error.status_code < 500:
        return _answer(request, InvalidRequest(str(error.detail)))
    return _answer(request, InternalError(debug=str(error.detail)))


async def _database(request: Request, error: Exception) -> JSONResponse:
    debug = f"{type(error).__name__}: {error}"
    return _answer(request, DatabaseUnavailable(debug=debug))


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    return _answer(request, InternalError(debug=type(error).__name__))
