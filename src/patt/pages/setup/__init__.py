"""The pages on which an installation is set up: the assistant, and putting a backup back."""
