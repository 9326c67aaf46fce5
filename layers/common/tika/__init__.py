"""Tika: registration and booking of vaccination places.

A room for each part of the domain, and in each a module for each of its nouns. Here lies what every room stands on. No
module imports from a room above its own; the order of the rooms is the contract of import-linter in pyproject.toml.
"""
