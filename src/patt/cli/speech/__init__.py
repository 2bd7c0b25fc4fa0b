"""What the command line says: its help in the language of the terminal, codes as words, dialogues, issues and their fixes."""
