from typing import List


def insertion_point(values: List[int], target: int) -> int:
    """Return the index at which target must be inserted to keep the sorted values sorted.

    Args:
        values: Numbers in ascending order.
        target: The number to place.
    """
    values = sorted(values)
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if values[middle] < target:
            low = middle + 1
        else:
            high = middle
    return low


assert insertion_point([1, 3, 5, 7], 4) == 2
assert insertion_point([2, 2, 2], 2) == 0
