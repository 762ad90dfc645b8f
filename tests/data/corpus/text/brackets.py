"""Checks brackets."""

PAIRS = {")": "(", "]": "[", "}": "{"}


def unmatched(text: str) -> int:
    """Count the brackets of a text that have no partner."""
    stack = []
    lonely = 0
    for character in text:
        if character in PAIRS.values():
            stack.append(character)
        elif character in PAIRS:
            if stack and stack[-1] == PAIRS[character]:
                stack.pop()
            else:
                lonely += 1
    return lonely + len(stack)


print(unmatched("(a[b]{c})"))
print(unmatched("((]"))
print(unmatched("}{"))
