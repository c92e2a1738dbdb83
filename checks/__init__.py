"""What a check is: the vocabulary of the other folders. Imports nothing of ours."""
