"""Rules over an estate's resources: what a reviewer would refuse, said by a program."""
