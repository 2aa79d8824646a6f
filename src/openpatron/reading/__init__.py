"""The reading community's own side: people and homerooms as pulled, groups, codes, reading log."""
