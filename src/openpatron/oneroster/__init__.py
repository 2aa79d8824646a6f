"""The OneRoster 1.2 provider: what was delivered, for platforms that fetch it.

A protocol beside the pages: it parses, asks ``rostering``, and answers in the standard's words.
"""
