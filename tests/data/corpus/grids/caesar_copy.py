"""The cipher that Caesar is said to have used."""


def encrypt(message: str, shift: int) -> str:
    """Shift each lower-case letter of the message along the alphabet, round the end."""
    result = []
    for letter in message:
        if "a" <= letter <= "z":
            place = (ord(letter) - ord("a") + shift) % 26
            result.append(chr(ord("a") + place))
        else:
            result.append(letter)
    return "".join(result)


print(encrypt("attack at dawn", 3))
print(encrypt("xyz", 5))
