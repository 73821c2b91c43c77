"""Black-box acceptance test of a deployed preview: vegeta requests, this package judges and keeps evidence.

The parts in the order in which a run uses them: settings and targets (inputs), load (what is requested), vegeta (the
process), records and figures (what it saw), verdict (whose fault), report, responses and junit (evidence), runner.
"""

from implementation_dag.acceptance.runner import run, run_acceptance

__all__ = ["run", "run_acceptance"]
