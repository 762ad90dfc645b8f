"""Running figures over a list of readings."""


def longest_rise(readings: list[int]) -> int:
    """Return the length of the longest strictly rising stretch of the readings."""
    best = current = 0
    last = None
    for reading in readings:
        current = current + 1 if last is not None and reading > last else 1
        best = max(best, current)
        last = reading
    return best


def main():
    print(longest_rise([3, 4, 5, 1, 2, 9, 10, 4]))
    print(longest_rise([5, 4, 3]))


if __name__ == "__main__":
    main()
