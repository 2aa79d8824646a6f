"""The tenants and their parts: organizations, sites, patron types.

Whatever touches a tenant's data first opens the organization (``scope.open_organization``).
"""
