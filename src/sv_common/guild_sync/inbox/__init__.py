"""What an officer does in the Inbox: answer a question, snooze or dismiss it, apply fixes that are ready."""
