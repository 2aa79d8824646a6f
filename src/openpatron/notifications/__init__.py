"""Messages to people: an outbox, written with what it tells of, and the sender that empties it.

It knows accounts and sites, not patrons: who is told what is decided above, and posted here.
"""
