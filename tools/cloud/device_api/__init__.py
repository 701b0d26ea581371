"""The calls of devices, one module a subject; each has ROUTES. Entry host and hub are the same here."""
