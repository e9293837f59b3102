"""The data folders of the repository: one file each for how it is read, written and checked."""
