"""Many inputs: found, run one by one, in several processes or over a cluster, and put into one table."""
