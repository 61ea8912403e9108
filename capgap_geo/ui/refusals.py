"""What went wrong and what to do, in the reader's language."""

from __future__ import annotations

from capgap_geo.errors import CapGapError, WriteError
from capgap_geo.i18n import Translator
from capgap_geo.ui.data_words import said


def error_text(error: CapGapError | OSError, t: Translator) -> str:
    """Return the sentence of an error's code, or of its kind where the code has none."""
    if not isinstance(error, CapGapError):
        error = WriteError(str(error))
    plain = {k: v for k, v in error.details.items() if isinstance(v, str | int | float)}
    values = {"code": error.code, **said(plain, t)}
    if error.code == "upload_not_a_study":
        values["found"] = t("own.not_ours")
    for code in (error.code, type(error).code):
        try:
            return t(f"error.{code}", **values)
        except KeyError:  # no text, or one that needs a value which the error does not have
            continue
    return t("error.error")
