"""Where and when there are places: sessions published, found and counted, and the places of India.

Stands on the tables and the root. Knows nothing of people, nor they of it.
"""
