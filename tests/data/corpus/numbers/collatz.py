def collatz_steps(number: int) -> list[int]:
    """List the numbers that the Collatz rule visits from the given number down to one.

    An even number is halved; an odd one is tripled and increased by one. At most fifteen
    numbers are listed.
    """
    visited = [number]
    while number > 1 and len(visited) < 15:
        number = number // 2 if number % 2 == 0 else 3 * number + 1
        visited.append(number)
    return visited


print(collatz_steps(6))
print(collatz_steps(11))
