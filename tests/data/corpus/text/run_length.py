def run_length_encode(text: str) -> str:
    """Encode runs of equal characters as the length of the run and the character.

    >>> run_length_encode("aaabcc")
    '3a1b2c'
    """
    encoded = ""
    index = 0
    while index < len(text):
        end = index
        while end < len(text) and text[end] == text[index]:
            end += 1
        encoded += str(end - index) + text[index]
        index = end
    return encoded


if __name__ == "__main__":
    print(run_length_encode("wwwbbbw"))
