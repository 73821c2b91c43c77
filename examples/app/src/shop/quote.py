"""Quotes: what a quantity of a product costs."""

from dataclasses import dataclass

from shop.catalogue import unit_price

MAX_QUANTITY = 1000


@dataclass(frozen=True)
class Quote:
    """A quote; amounts are in cents."""

    sku: str
    quantity: int
    unit_price: int
    total: int


def quote(sku: str, quantity: int) -> Quote:
    """Quote `quantity` pieces of `sku`.

    Raises UnknownProduct, and ValueError when the quantity is not 1 to MAX_QUANTITY.
    """
    if not 1 <= quantity <= MAX_QUANTITY:
        raise ValueError(f"quantity is {quantity}, must be 1 to {MAX_QUANTITY}")
    price = unit_price(sku)
    return Quote(sku=sku, quantity=quantity, unit_price=price, total=price * quantity)
