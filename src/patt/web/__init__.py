"""What every request goes through: context, rights, limits, problems, rendering, metrics."""
