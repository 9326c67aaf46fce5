"""Who has which place: every write that moves a seat (`seats`), and the places that a session has (`capacity`).

Stands on sessions and people, and on what is below them.
"""
