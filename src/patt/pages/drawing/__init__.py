"""What pages draw on the server: charts, and the map."""
