"""What is told in more than one language: of roles, of faults in what was sent, and by the scripts of the pages."""
