"""The API's own page, for the functions' package: Swagger UI (as powertools carries it) around docs/openapi.json."""

import importlib.resources
import json

from aws_lambda_powertools.event_handler.openapi import swagger_ui

from local.processes import ROOT

DOCUMENT = ROOT / "docs" / "openapi.json"


def files() -> dict[str, str]:
    """Path in the package, and text."""
    document = {**json.loads(DOCUMENT.read_text()), "servers": [{"url": ".", "description": "where this page is"}]}
    text = json.dumps(document, ensure_ascii=False)
    assets = importlib.resources.files(swagger_ui)
    page = swagger_ui.generate_swagger_html(
        spec=text.replace("</", "<\\/"),  # or a text in it could end the script
        swagger_js=(assets / "swagger-ui-bundle.min.js").read_text(),
        swagger_css=(assets / "swagger-ui.min.css").read_text(),
        swagger_base_url="",
        oauth2_config=None,
    )
    page = page.replace("<title>Swagger UI", "<title>Preflight")
    return {"queries/swagger.json": text, "queries/swagger.html": page}
