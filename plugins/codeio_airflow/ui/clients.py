"""What a page reads with, given to it by FastAPI."""

from typing import Annotated

from fastapi import Depends, Request

from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


def _objects(request: Request) -> ObjectStore:
    objects: ObjectStore = request.app.state.objects
    return objects


AuditorStore = Annotated[Store, Depends(_store)]
Bucket = Annotated[ObjectStore, Depends(_objects)]
