"""Every write of the ledger, one file each."""
