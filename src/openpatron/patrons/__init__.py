"""The heart: patrons, their associations with sites, their barcodes and homerooms.

Reads are in ``queries.py``, every write is one file in ``actions/``.
"""
