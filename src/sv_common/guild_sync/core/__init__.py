"""What everything stands on: errors, names, pages of lists, progress, reports."""
