"""What is kept no longer: found and deleted, in bounded batches."""
