"""Damaged files by the thousand, made from a seed: `python -m Testing.fuzz images`. Not part of the tests."""
