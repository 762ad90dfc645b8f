def count_subsets(numbers: list[int], total: int) -> int:
    """Count the subsets of the numbers whose sum is the given total.

    >>> count_subsets([1, 2, 3, 4], 5)
    2
    """
    ways = {0: 1}
    for number in numbers:
        updated = dict(ways)
        for reached, count in ways.items():
            updated[reached + number] = updated.get(reached + number, 0) + count
        ways = updated
    return ways.get(total, 0)


print(count_subsets([2, 4, 6, 10], 16))
