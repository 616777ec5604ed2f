"""Measurements of the product beside named rivals; each module is one, run by `make bench`."""
