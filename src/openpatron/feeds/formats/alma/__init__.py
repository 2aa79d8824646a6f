"""Alma user XML, version 2, plain or zipped."""
