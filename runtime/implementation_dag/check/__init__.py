"""`helm test`: check an installation from inside the cluster, and say what to do.

One module a subject: `definitions` (CRDs), `agents` (coderun-template), `rights` (what each identity may do, and what
nobody may), `git_access` (git server and token), `evidence` (a real workflow writes and reads the bucket).
"""
