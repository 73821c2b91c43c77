"""The provisioner: it does the steps of a run that need no pod, and answers the nodes that wait for them."""
