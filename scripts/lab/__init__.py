"""The local cluster, its images, and what the pipeline needs beside them."""
