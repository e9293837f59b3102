"""The code forge that holds a repository: its address, pushing a branch, comments and pull requests."""
