"""Files and volumes: reading, geometry, the way to the network's slices and back, intensity."""
