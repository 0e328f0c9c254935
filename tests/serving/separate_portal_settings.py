"""The settings of a portal that a test starts as a program of its own: those of production, with its files in a folder
of the test."""

import os

from assetmaps.settings import *  # noqa: F403

STATIC_ROOT = os.environ["STATIC_ROOT"]
