"""Croissant metadata (JSON-LD) of a release, for data catalogues.

Source: Croissant format specification 1.0, mlcommons.org/croissant/1.0.
"""

from collections.abc import Sequence

from codeio_ops.jsonvalue import Json
from codeio_ops.release.assemble import Release
from codeio_ops.release.export import FLAG_COLUMN, TEXT_COLUMNS
from codeio_ops.release.manifest import FileEntry
from codeio_ops.release.recipe import Recipe

CROISSANT_NAME = "croissant.json"
_FILE_SET = "parquet-files"
_PARQUET, _JSONL = "application/x-parquet", "application/jsonlines"
_MEDIA_TYPES = {"parquet": _PARQUET, "jsonl": _JSONL}

# The context that the specification prints, which validators compare with.
_CONTEXT: dict[str, Json] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def croissant(
    release: Release, recipe: Recipe, licences: Sequence[str], files: Sequence[FileEntry]
) -> Json:
    """Return the metadata: each data file with its sha256, and the columns of the Parquet.

    Args:
        release: The release.
        recipe: Its recipe.
        licences: SPDX ids of its source files.
        files: The files written so far.
    """
    data = [entry for entry in files if entry.path.rpartition(".")[2] in _MEDIA_TYPES]
    fields: list[Json] = [_field(name, "sc:Text") for name in TEXT_COLUMNS]
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": release.name,
        "description": recipe.description or f"{release.name}, made after CODE I/O",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "license": [f"https://spdx.org/licenses/{licence}" for licence in licences],
        "version": f"{release.version}.0.0",
        "citeAs": "arXiv 2502.07316",
        "url": "https://arxiv.org/abs/2502.07316",
        "distribution": [*map(_file_object, data), _file_set(data)],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "samples",
                "name": "samples",
                "key": {"@id": "samples/sample_id"},
                "field": [*fields, _field(FLAG_COLUMN, "sc:Boolean")],
            }
        ],
    }


def _file_object(entry: FileEntry) -> Json:
    return {
        "@type": "cr:FileObject",
        "@id": entry.path,
        "name": entry.path,
        "contentUrl": entry.path,
        "contentSize": f"{entry.size_bytes} B",
        "encodingFormat": _MEDIA_TYPES[entry.path.rpartition(".")[2]],
        "sha256": entry.sha256,
    }


def _file_set(data: Sequence[FileEntry]) -> Json:
    return {
        "@type": "cr:FileSet",
        "@id": _FILE_SET,
        "name": _FILE_SET,
        "description": "The samples with all columns.",
        "encodingFormat": _PARQUET,
        "includes": "data/*.parquet",
    }


def _field(name: str, data_type: str) -> Json:
    return {
        "@type": "cr:Field",
        "@id": f"samples/{name}",
        "name": f"samples/{name}",
        "dataType": data_type,
        "source": {"fileSet": {"@id": _FILE_SET}, "extract": {"column": name}},
    }
