"""The worker's engine behind HTTP, for a group that shares a computer: `unifiedvit serve`."""
