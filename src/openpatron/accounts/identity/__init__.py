"""Signing in elsewhere: one module for each protocol, all with the same four parts.

``read`` (settings as they are stored, of what was typed), ``begin``, ``finish``, ``check``:
see ``base.Protocol``. Nothing here knows who a subject is; ``patrons`` does.
"""
