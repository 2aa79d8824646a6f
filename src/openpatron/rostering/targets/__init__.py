"""Targets that are told, one folder for each kind with the same file name in it: ``deliver.py``.

(A target of the kind oneroster-rest fetches by itself, see the package ``oneroster``.)
"""

from .news import deliver_news

__all__ = ("deliver_news",)
