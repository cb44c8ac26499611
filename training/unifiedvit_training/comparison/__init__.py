"""Many networks under one recipe, side by side: what is compared, how it is trained, what it costs, and the table."""
