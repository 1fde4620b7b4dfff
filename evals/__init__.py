"""How well the parts that read language do, on conversations written for this project."""
