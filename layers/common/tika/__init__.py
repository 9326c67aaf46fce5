"""Tika: registration and booking of vaccination places. One module per noun of the domain."""
