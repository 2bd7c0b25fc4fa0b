"""What is told in more than one language: of roles, of what stands for a link, and by the scripts of the pages."""
