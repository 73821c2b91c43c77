"""`python -m scripts.chart.rights`: rewrite tests/render/rights.yaml."""

from __future__ import annotations

from .snapshot import FILE, text

if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    print(f"{FILE.name} is written; read its diff")
