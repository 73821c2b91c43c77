"""The steps of the pipeline that are not an agent, a DocsRun or the acceptance: of pods, and of the provisioner."""
