"""What the shop sells: prices in cents by stock keeping unit."""

PRICES = {
    "TEA-100": 450,
    "COFFEE-250": 890,
    "MUG-BLUE": 1200,
    "KETTLE-1L": 3900,
}


class UnknownProduct(Exception):
    """No product has this stock keeping unit."""


def unit_price(sku: str) -> int:
    """Price of one piece in cents; raises UnknownProduct."""
    try:
        return PRICES[sku]
    except KeyError:
        known = ", ".join(sorted(PRICES))
        raise UnknownProduct(f"sku {sku!r} is unknown; known are {known}") from None
