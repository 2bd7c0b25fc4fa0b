"""News for officers: the digest, and the messages that wait to be sent."""
