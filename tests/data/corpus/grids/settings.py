"""Constants of the grid package; there is nothing here to call."""

WIDTH = 12
HEIGHT = 8
DIRECTIONS = {"north": (0, -1), "east": (1, 0), "south": (0, 1), "west": (-1, 0)}
