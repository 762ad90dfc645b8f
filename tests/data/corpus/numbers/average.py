"""Averages that do not let an outlier rule."""


def trimmed_mean(values: list[float]) -> float:
    """Return the mean of the values without the least and the greatest of them."""
    if len(values) < 3:
        return 0.0
    kept = sorted(values)[1:-1]
    return sum(kept) / len(kept)


print(trimmed_mean([1.5, 2.5, 100.0, 3.0]))
