"""The tester: chains → items, items × model → outcomes → metrics."""
