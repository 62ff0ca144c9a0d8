"""Verifying: what a manifest, its provenance and its rows say of each other, and how two manifests differ."""
