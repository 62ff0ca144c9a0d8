"""Weaving: columns that are made of two languages, and their cells, requests and conversations."""
