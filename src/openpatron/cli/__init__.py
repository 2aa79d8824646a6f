"""The command line: one module per command; they parse, call an action or a query, and print."""
