"""The API of a reporting program: operations, stages, `track`, cancellation."""
