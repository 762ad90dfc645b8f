"""The unified form of a program: the names in it, and the two questions about it.

Source: arXiv 2502.07316, section 2.1.
"""

from typing import Literal

Direction = Literal["output", "input"]
"""What is to be predicted; also the field of the answer that holds it."""

ENTRY_POINT = "main_solution"
INPUT_GENERATOR = "input_generator"
# The prompt asks for Python whatever the language of the file.
LANGUAGE = "python"
