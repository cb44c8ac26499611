"""A folder of corrected results, which `unifiedvit-train prepare` reads as it is."""
