"""What every package stands on: errors, clock, text folding, SQL loading, safe spreadsheets.

There is no word of the domain in here, and nothing in here imports from another package.
"""
