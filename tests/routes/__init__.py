"""Tables of routes that do not stand in test_every_route.py, one module for each part.

Each has ``ROUTES``, and ``things(world, ours, theirs)``: what its addresses name, here and next
door (``ours`` and ``theirs``: a patron of each).
"""

from __future__ import annotations

from . import circulation, external, feeds, messages, providers, reading, rostering

PARTS = (circulation, external, feeds, messages, providers, reading, rostering)
