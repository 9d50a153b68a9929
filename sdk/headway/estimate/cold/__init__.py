"""The estimate without history: rates, rounds and the typical duration of a stage."""
