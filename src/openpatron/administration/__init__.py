"""What an organization decides for itself: settings, sites, patron types, access levels, templates.

Stands above patrons, because what is used by somebody may not be deleted.
"""
