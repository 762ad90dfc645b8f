"""Git repositories that a test commits to."""

from pathlib import Path

import pygit2

WHO = pygit2.Signature("Somebody", "somebody@example.org", 1_700_000_000, 0)


class Repository:
    """A repository with a working tree at `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git = pygit2.init_repository(str(root), initial_head="main")

    def commit(self, **files: str | None) -> str:
        """Commit modules by name, where None removes one, and return the id of the commit."""
        index = self.git.index
        for name, content in files.items():
            path = self.root / f"{name}.py"
            if content is None:
                index.remove(path.name)
                continue
            path.write_text(content)
            index.add(path.name)
        index.write()
        head = self.git
        parents = [] if head.head_is_unborn else [head.head.target]
        commit = head.create_commit("HEAD", WHO, WHO, "change", index.write_tree(), parents)
        return str(commit)
