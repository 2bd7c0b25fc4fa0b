"""Whole pipelines against sources that misbehave in every way that is known of."""
