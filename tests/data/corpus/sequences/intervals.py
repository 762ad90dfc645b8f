"""Closed intervals on a line."""


def merge_intervals(intervals):
    """Merge the intervals that overlap or touch, and return them in ascending order.

    >>> merge_intervals([[5, 8], [1, 3], [2, 4]])
    [[1, 4], [5, 8]]
    """
    merged = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return merged


if __name__ == "__main__":
    print(merge_intervals([[1, 4], [3, 9], [11, 12]]))
    print(merge_intervals([[7, 9], [0, 2], [2, 5], [20, 21]]))
