"""Runtime of implementation-dag: the steps of the pipeline and the DocsRun controller."""
