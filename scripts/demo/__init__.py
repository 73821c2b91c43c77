"""The demo: the whole DAG on a real cluster, from a pull request to its preview, checked."""
