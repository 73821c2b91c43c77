"""Schemas of the checkout: written anew, and what only tests ask of them."""
