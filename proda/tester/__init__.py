"""The tester: knowledge → items, items × model → outcomes → metrics."""
