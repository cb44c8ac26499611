"""From folders and tables to checked, prepared slices with a split that keeps patients together."""
