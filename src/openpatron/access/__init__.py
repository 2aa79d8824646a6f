"""Who may do what: permission names, access levels, and the Actor with the one gate.

Access levels are data; permission names are code. An unknown permission name raises.
"""
