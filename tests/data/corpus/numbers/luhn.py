def luhn_checksum(digits: list[int]) -> int:
    """Return the checksum of a card number by the method of Luhn; 0 means valid.

    Args:
        digits: The digits of the number, the first one first.
    """
    total = 0
    for position, digit in enumerate(reversed(digits)):
        if position % 2 == 1:
            digit *= 2
            if digit > 9:
                digit -= 9
        total += digit
    return total % 10


print(luhn_checksum([7, 9, 9, 2, 7, 3, 9, 8, 7, 1, 3]))
