"""The pages: one thin module per domain; they parse, call an action or a query, and render."""
