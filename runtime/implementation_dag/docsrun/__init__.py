"""The DocsRun controller: one Job for each DocsRun, its end told in words (job, verdict, results, handlers)."""
