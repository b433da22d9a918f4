"""The sources of the machine code, and what makes a package of them; `scoring.model.machine` loads it."""
