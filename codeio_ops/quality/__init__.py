"""Quality: what must hold of a release before it is published."""
