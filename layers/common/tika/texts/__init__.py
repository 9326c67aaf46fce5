"""Text messages: what they say, the queue they wait in, and sending each of them once.

Stands on the tables and the root.
"""
