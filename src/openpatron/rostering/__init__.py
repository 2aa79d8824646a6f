"""Accounts and homerooms that go out to a reading platform: readiness, runs, targets."""
