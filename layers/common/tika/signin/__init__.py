"""Who calls: mobile numbers, one-time codes, tokens.

Stands on texts, the tables and the root.
"""
