"""Parts of the bench `fit`: worlds with a known truth, a real log of rentals, and rival estimators."""
