"""Top floor: whether to speak, saying it, and hearing back."""
