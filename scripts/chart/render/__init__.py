"""This project's own suite of rendered cases, and what is made from it."""
