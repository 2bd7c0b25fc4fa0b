"""All that pages, the API, commands and metrics read; nothing here writes."""
