"""Damaged files by the thousand, made from a seed: `python -m Testing.fuzz images`, or `models`. Not part of the
tests."""
