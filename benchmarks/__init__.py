"""Measures OpenPatron against hand-written SQL; see docs/performance.md."""
