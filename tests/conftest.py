"""What all tests share: in CI, Hypothesis draws the same examples every time, so that a red run is about the change."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
