"""Divisors of whole numbers."""


def greatest_common_divisor(a: int, b: int) -> int:
    """Return the greatest common divisor of two whole numbers by Euclid's method."""
    while b:
        a, b = b, a % b
    return a


print(greatest_common_divisor(48, 36))
print(greatest_common_divisor(17, 5))
