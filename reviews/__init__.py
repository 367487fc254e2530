"""What customers say: reviews with their context, written at every stage, moderated without the rating."""
