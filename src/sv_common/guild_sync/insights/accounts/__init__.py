"""What officers see of account evidence."""
