"""Argon2 that is quick: the tests make hundreds of passwords, and none of them is a secret."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickHasher(Argon2PasswordHasher):
    """The same algorithm with the least work."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
