"""The card of an export: README.md and croissant.json, in words and as data."""
