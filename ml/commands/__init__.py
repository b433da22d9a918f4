"""The commands of `mlops`, one file each."""
