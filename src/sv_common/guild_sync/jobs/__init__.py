"""What officers asked a worker to do."""
