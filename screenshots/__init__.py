"""Pictures of every admin page, taken of the demo in a real browser, for the documents."""
