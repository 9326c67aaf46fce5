"""Accounts and the people registered in them, and the documents that tell people apart.

Stands on signing in, the tables and the root. Knows nothing of sessions, nor they of it.
"""
