"""Tables of queries and actions that do not stand in test_access.py, one module for each part.

``READ``: modules of queries, ``WRITTEN``: packages of actions, each with the name of its app.
``QUERIES`` and ``ACTIONS``: how each is called (actor, patron, job); ``ELSEWHERE``: those that are
asked as everybody in a test of their own; ``OWN``: what a person does with the own account.
"""

from __future__ import annotations

from . import circulation, external, feeds, messages, providers, reading, rostering

PARTS = (circulation, external, feeds, messages, providers, reading, rostering)
