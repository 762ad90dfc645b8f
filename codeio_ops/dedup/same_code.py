"""What decides that two files hold the same code: they are the same program, to the letter.

Comments, layout and the way a literal is written are no part of a program; indentation, the
kind of a string and docstrings are.
"""

import ast

from codeio_ops.python_syntax import BAD_SYNTAX, parse_python


def normal_form(content: bytes, *, language: str) -> bytes:
    """Return a text that two files share only when they are the same program; never empty.

    Of Python it is the syntax tree. What is no Python 3, or holds no statement, is itself, but
    for a byte order mark and its line ends.
    """
    code = content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if language == "python":
        try:
            tree = parse_python(code.decode())
            if tree.body:
                return b"tree\0" + ast.dump(tree).encode(errors="surrogatepass")
        except BAD_SYNTAX:
            pass  # Python 2, say
    return b"text\0" + code
