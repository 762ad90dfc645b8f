"""Source text that converts between JSON and what a program works on, and back."""

import re
from dataclasses import dataclass

from offline_teacher.drafting.closure import Closure
from offline_teacher.drafting.specs import (
    GraphSpec,
    LikeSpec,
    LinkedListSpec,
    ListSpec,
    MapSpec,
    RowSpec,
    Spec,
    TreeSpec,
)

_LIST_NODE = """\
class ListNode:
    def __init__(self, {value}=0, next=None):
        self.{value} = {value}
        self.next = next"""
_TREE_NODE = """\
class TreeNode:
    def __init__(self, {value}=0, left=None, right=None):
        self.{value} = {value}
        self.left = left
        self.right = right"""
_BUILD_LIST = '''\
def build_linked_list(values):
    """Link the values into nodes and return the head."""
    head = None
    for value in reversed(values):
        node = {node}(value)
        node.next = head
        head = node
    return head'''
_BUILD_TREE = '''\
def build_tree(values):
    """Build a binary tree from its level order, None for a missing child."""
    if not values or values[0] is None:
        return None
    root = {node}(values[0])
    queue, position = [root], 1
    while queue and position < len(values):
        parent = queue.pop(0)
        for side in ("left", "right"):
            if position < len(values) and values[position] is not None:
                child = {node}(values[position])
                setattr(parent, side, child)
                queue.append(child)
            position += 1
    return root'''
_BUILD_SEARCH_TREE = '''\
def build_search_tree(keys):
    """Insert the keys, one after the other, into a binary search tree."""
    root = None
    for key in keys:
        node = {node}(key)
        if root is None:
            root = node
            continue
        parent = root
        while True:
            side = "left" if key < parent.{value} else "right"
            child = getattr(parent, side)
            if child is None:
                setattr(parent, side, node)
                break
            parent = child
    return root'''
_READ_LIST = '''\
def linked_list_values(node):
    """Read the values of a linked list, head first."""
    values = []
    while node is not None and len(values) < 100:
        values.append(node.{value})
        node = node.next
    return values'''
_READ_TREE = '''\
def tree_values(root):
    """Read a binary tree in level order, None for a missing child."""
    values, queue = [], [root]
    while queue and len(values) < 200:
        node = queue.pop(0)
        values.append(None if node is None else node.{value})
        if node is not None:
            queue += [node.left, node.right]
    while values and values[-1] is None:
        values.pop()
    return values'''
_TO_JSON = '''\
def to_json(value):
    """Convert tuples, sets, nodes and other iterables to lists, and keys to strings."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(to_json(item) for item in value)
    return [to_json(item) for item in value]'''


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeClass:
    """A class of nodes that codecs build and read."""

    name: str
    value: str


def node_classes(closure: Closure) -> dict[str, NodeClass]:
    """The classes of the text that are nodes, under `linked` and `tree`."""
    found: dict[str, NodeClass] = {}
    for name in sorted(closure.classes):
        body = re.search(rf"^class {name}\b.*?(?=^\S|\Z)", closure.text, re.MULTILINE | re.DOTALL)
        init = re.search(r"def __init__\(self,\s*([^)]*)\)(.*)", body[0] if body else "", re.DOTALL)
        if init is None or _required(init[1]) > 1:
            continue
        value = re.search(r"self\.(val|data|value|key|item)\b(?::[^=\n]+)? = ", init[2])
        if value and re.search(r"self\.left\b.*self\.right\b", init[2], re.DOTALL):
            found.setdefault("tree", NodeClass(name=name, value=value[1]))
        elif value and re.search(r"self\.next\b", init[2]):
            found.setdefault("linked", NodeClass(name=name, value=value[1]))
    return found


def _required(signature: str) -> int:
    parts = [part for part in signature.split(",") if part.strip()]
    return sum("=" not in part for part in parts)


def codec_of(spec: Spec) -> str:
    """Name of the codec that an input needs; empty when the JSON value is used as it is."""
    match spec:
        case LikeSpec(base=base):
            return codec_of(base)
        case ListSpec(wanted="tuple" | "set" as wanted) | RowSpec(wanted="tuple" | "set" as wanted):
            return wanted
        case ListSpec(element=LinkedListSpec()):
            return "linked_lists"
        case ListSpec(element=element) if codec_of(element) in ("tuple", "set"):
            return f"{codec_of(element)}s"
        case LinkedListSpec():
            return "linked"
        case TreeSpec(search=search):
            return "search_tree" if search else "tree"
        case MapSpec(int_keys=True) | GraphSpec(int_nodes=True, weighted=False):
            return "int_keys"
        case GraphSpec(int_nodes=True):
            return "int_weights"
    return ""


_CALLS = {
    "": "{name}",
    "tuple": "tuple({name})",
    "set": "set({name})",
    "tuples": "[tuple(item) for item in {name}]",
    "sets": "[set(item) for item in {name}]",
    "linked": "build_linked_list({name})",
    "linked_lists": "[build_linked_list(values) for values in {name}]",
    "tree": "build_tree({name})",
    "search_tree": "build_search_tree({name})",
    "int_keys": "{{int(key): value for key, value in {name}.items()}}",
    "int_weights": (
        "{{int(key): {{int(other): weight for other, weight in edges.items()}} "
        "for key, edges in {name}.items()}}"
    ),
}


def argument(name: str, codec: str) -> str:
    """The expression that converts the input `name`."""
    return _CALLS[codec].format(name=name)


def node_definitions(closure: Closure, codecs: set[str]) -> list[str]:
    """The node classes that the text lacks."""
    known, value = node_classes(closure), _value_name(closure.text)
    linked = "ListNode" in closure.node_classes or codecs & {"linked", "linked_lists"}
    tree = "TreeNode" in closure.node_classes or codecs & {"tree", "search_tree"}
    blocks = []
    if linked and "linked" not in known and "ListNode" not in closure.classes:
        blocks.append(_LIST_NODE.format(value=value))
    if tree and "tree" not in known and "TreeNode" not in closure.classes:
        blocks.append(_TREE_NODE.format(value=value))
    return blocks


def builders(closure: Closure, codecs: set[str]) -> list[str]:
    """The functions that build nodes from lists."""
    known, value = node_classes(closure), _value_name(closure.text)
    linked = known.get("linked", NodeClass(name="ListNode", value=value))
    tree = known.get("tree", NodeClass(name="TreeNode", value=value))
    blocks = []
    if codecs & {"linked", "linked_lists"}:
        blocks.append(_BUILD_LIST.format(node=linked.name))
    if "tree" in codecs:
        blocks.append(_BUILD_TREE.format(node=tree.name))
    if "search_tree" in codecs:
        blocks.append(_BUILD_SEARCH_TREE.format(node=tree.name, value=tree.value))
    return blocks


def _value_name(text: str) -> str:
    names = ("val", "data", "value", "key")
    return next((name for name in names if re.search(rf"\.{name}\b(?!\()", text)), "val")


def readers(form: str) -> list[str]:
    """The functions that turn a result of this form into JSON."""
    kind, _, value = form.partition(":")
    if kind == "linked":
        return [_READ_LIST.format(value=value)]
    if kind == "tree":
        return [_READ_TREE.format(value=value)]
    return [_TO_JSON] if kind == "mixed" else []


def converted(form: str) -> str:
    """The expression that turns `result` into JSON."""
    return {
        "tuple": "list(result)",
        "set": "sorted(result)",
        "linked": "linked_list_values(result)",
        "tree": "tree_values(result)",
        "mixed": "to_json(result)",
    }.get(form.partition(":")[0], "result")
