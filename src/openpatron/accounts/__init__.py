"""People and their sign-in. One account is shared by all organizations.

Staff see an account only through a patron of their own organization.
"""
