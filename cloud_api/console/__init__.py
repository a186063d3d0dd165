"""The console 一屏观全域: its pages in ``web/``, what builds them, and what serves the built files."""
