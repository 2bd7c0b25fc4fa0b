"""The real Battle.net and Discord, over HTTP. Their errors are `SourceError`s, each a sentence for an officer."""
