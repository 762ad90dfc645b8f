"""The one exception with which a step of the transform turns a unit down."""

from codeio_ops.errors import CodeIOError


class UnitRefused(CodeIOError):
    """A unit of the file cannot become a program.

    Attributes:
        reason: Short snake_case code that is counted.
        detail: What exactly was met, for a person.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
