"""Everything that is written about an account by its own person, one file each."""
