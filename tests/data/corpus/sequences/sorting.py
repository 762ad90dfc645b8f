"""Sorting by hand, to see how it works."""


def bubble_sort(items: list[int]) -> list[int]:
    """Sort a list of numbers by swapping neighbours until nothing moves."""
    items = list(items)
    swapped = True
    while swapped:
        swapped = False
        for index in range(len(items) - 1):
            if items[index] > items[index + 1]:
                items[index], items[index + 1] = items[index + 1], items[index]
                swapped = True
    return items


print(bubble_sort([9, 1, 5, 3]))
