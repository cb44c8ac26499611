"""The worker process that runs networks and jobs, and the client that feeds it."""
