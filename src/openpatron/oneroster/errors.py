"""Errors as the standard writes them."""

from __future__ import annotations

from django.http import JsonResponse

UNAUTHORISED, FORBIDDEN, UNKNOWN = "unauthorisedrequest", "forbidden", "unknownobject"
INVALID, INVALID_FILTER = "invaliddata", "invalid_filter_field"
INVALID_SELECTION, BROKEN = "invalid_selection_field", "internal_server_error"

_STATUS = {
    UNAUTHORISED: 401,
    FORBIDDEN: 403,
    UNKNOWN: 404,
    INVALID: 400,
    INVALID_FILTER: 400,
    INVALID_SELECTION: 400,
    BROKEN: 500,
}


class RosterError(Exception):
    """A request that is refused: the standard's code, and a sentence."""

    def __init__(self, code: str, sentence: str) -> None:
        """Keep the code."""
        super().__init__(sentence)
        self.code = code


def answer(error: RosterError) -> JsonResponse:
    """Return the refusal as ``imsx_StatusInfo``."""
    field = {
        "imsx_codeMinorFieldName": "TargetEndSystem",
        "imsx_codeMinorFieldValue": error.code,
    }
    status = _STATUS[error.code]
    response = JsonResponse(
        {
            "imsx_codeMajor": "failure",
            "imsx_severity": "error",
            "imsx_description": str(error),
            "imsx_CodeMinor": {"imsx_codeMinorField": [field]},
        },
        status=status,
    )
    if error.code == UNAUTHORISED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="oneroster"'
    return response


def refused_method(allowed: str) -> JsonResponse:
    """Return the refusal of a method; ``allowed`` are the others, as the header Allow has them."""
    response = answer(RosterError(FORBIDDEN, f"Only {allowed} are answered here."))
    response.status_code = 405
    response.headers["Allow"] = allowed
    return response
