"""Keys for what is stored sealed, personal fields that can be shredded, and masking of texts."""
