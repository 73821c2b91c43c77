"""Strict schemas of every kind we render: built-in kinds by Kubernetes version, custom ones from their CRDs."""

from __future__ import annotations

from idag.schemas.errors import SchemaError
from idag.schemas.validation import Fault, validate

__all__ = ["Fault", "SchemaError", "validate"]
