"""Black-box acceptance test of a deployed preview: k6 requests, this package judges and keeps evidence.

The parts in the order in which a run uses them: settings and targets (inputs), plan (handed to k6), k6 (the
process), records and summary (what it saw), report, responses and junit (evidence), runner (all of it).
"""

from implementation_dag.acceptance.runner import run, run_acceptance

__all__ = ["run", "run_acceptance"]
