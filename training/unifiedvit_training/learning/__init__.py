"""How a network learns: augmentation, losses, pre-training, the loop."""
