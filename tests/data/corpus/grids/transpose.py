def transpose(matrix: list[list[int]]) -> list[list[int]]:
    """Swap rows and columns of a matrix; short rows end where the shortest does."""
    width = min((len(row) for row in matrix), default=0)
    return [[row[column] for row in matrix] for column in range(width)]


print(transpose([[1, 2, 3], [4, 5, 6]]))
