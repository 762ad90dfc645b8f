"""Rolls dice: what it returns cannot be reproduced."""

import random


def roll(count: int) -> list[int]:
    """Roll a number of dice."""
    return [random.randint(1, 6) for _ in range(count)]


print(roll(3))
