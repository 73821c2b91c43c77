"""Pull requests and their Previews: what the forge says and what the cluster has decide what is done next."""
