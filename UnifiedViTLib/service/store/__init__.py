"""Models on this computer: listed, downloaded, imported, verified, removed; the cache they lie in."""
