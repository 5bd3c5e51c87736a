"""docs/openapi.json: every route of the API with what goes in and what comes out, made from the models and the code."""
