"""The Inbox: what is open as questions, one for each thing to decide, with its answers and what each would change."""
