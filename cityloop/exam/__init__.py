"""The exam: scenarios through the real gateway and API, judged against what was true."""
