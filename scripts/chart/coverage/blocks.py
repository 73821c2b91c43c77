"""How the actions of a template nest: blocks, and the arms between which each decides."""

from __future__ import annotations

from dataclasses import dataclass, field

from scripts.chart.coverage.actions import Action, TemplateError, scan

_OPENING = frozenset(["if", "with", "range", "define", "block"])
_DECIDING = frozenset(["if", "with", "range"])


@dataclass(frozen=True)
class Arm:
    """What is rendered for one outcome of a block; `opening` is None for an else that nobody wrote.

    `start` and `end` are the offsets of the arm's text.
    """

    opening: Action | None
    start: int
    end: int


@dataclass
class Block:
    """One `if`, `with`, `range`, `define` or `block` with its arms in order, and the block it lies in."""

    keyword: str
    opening: Action
    parent: Block | None
    arms: list[Arm] = field(default_factory=list)
    closing: Action | None = None

    @property
    def decides(self) -> bool:
        """Whether the block is a decision rather than a definition."""
        return self.keyword in _DECIDING


@dataclass(frozen=True)
class Template:
    """A template file: `name` relative to the chart, its text, actions, and blocks in order of their opening."""

    name: str
    text: str
    actions: tuple[Action, ...]
    blocks: tuple[Block, ...]

    def innermost(self, action: Action) -> Block | None:
        """The block in whose arms the action stands; that of an `else` is the block it belongs to."""
        inside = [block for block in self.blocks if block.opening.start < action.start < _end(block)]
        return inside[-1] if inside else None


def parse(name: str, text: str) -> Template:
    """Return the template's structure. Raises TemplateError for one that is not balanced."""
    actions = tuple(scan(text, name))
    blocks: list[Block] = []
    open_blocks: list[Block] = []
    opened: list[Action] = []
    for action in actions:
        if action.keyword in _OPENING:
            block = Block(action.keyword, action, open_blocks[-1] if open_blocks else None)
            blocks.append(block)
            open_blocks.append(block)
            opened.append(action)
        elif action.keyword.startswith("else") or action.keyword == "end":
            if not open_blocks:
                raise TemplateError(f"{name}:{action.line}: {action.keyword!r} belongs to no block")
            open_blocks[-1].arms.append(Arm(opened[-1], opened[-1].end, action.start))
            opened[-1] = action
            if action.keyword == "end":
                _close(open_blocks.pop(), opened.pop())
    if open_blocks:
        raise TemplateError(f"{name}:{open_blocks[-1].opening.line}: {open_blocks[-1].keyword!r} has no end")
    return Template(name, text, actions, tuple(blocks))


def _close(block: Block, closing: Action) -> None:
    block.closing = closing
    last = block.arms[-1].opening
    # A range without an else repeats, it does not decide.
    if block.keyword in ("if", "with") and last is not None and last.keyword != "else":
        block.arms.append(Arm(None, closing.start, closing.start))


def _end(block: Block) -> int:
    return block.closing.end if block.closing else 0
