import pytest

from shop.catalogue import PRICES, UnknownProduct
from shop.quote import MAX_QUANTITY, quote


@pytest.mark.parametrize("sku", sorted(PRICES))
def test_one_piece_costs_its_unit_price(sku: str) -> None:
    assert quote(sku, 1).total == PRICES[sku]


def test_total_is_price_times_quantity() -> None:
    made = quote("TEA-100", 3)
    assert (made.unit_price, made.total) == (450, 1350)


@pytest.mark.parametrize("quantity", [0, -1, MAX_QUANTITY + 1])
def test_quantity_out_of_range_is_refused(quantity: int) -> None:
    with pytest.raises(ValueError, match=f"quantity is {quantity}, must be 1 to {MAX_QUANTITY}"):
        quote("TEA-100", quantity)


def test_unknown_product_names_the_known_ones() -> None:
    with pytest.raises(UnknownProduct, match=r"'NOPE' is unknown; known are COFFEE-250"):
        quote("NOPE", 1)
