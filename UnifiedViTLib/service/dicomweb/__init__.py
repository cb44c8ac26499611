"""Images from a PACS over DICOMweb, and results back: the server, its series, and which of them are to be looked at."""
