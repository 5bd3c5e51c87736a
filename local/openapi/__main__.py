"""`python -m local.openapi` writes docs/openapi.json."""

from local.openapi.document import PATH, text

PATH.write_text(text())
