"""The Organization API (docs.xyte.io organization-api), one module a subject; each has ROUTES."""
