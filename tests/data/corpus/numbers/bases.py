def to_base(number: int, base: int) -> str:
    """Write a whole number in another base, from 2 to 16, with lower-case digits.

    >>> to_base(255, 16)
    'ff'
    """
    digits = "0123456789abcdef"
    if number == 0:
        return "0"
    text = ""
    while number > 0:
        text = digits[number % base] + text
        number //= base
    return text


if __name__ == "__main__":
    print(to_base(10, 2))
    print(to_base(100, 7))
