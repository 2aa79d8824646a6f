"""The desk: items, loans, requests, fees.

It is not a catalogue: an outside one stays the master of what an item is.
"""
