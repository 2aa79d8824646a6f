"""Every write about patrons, one file each."""
