"""The union of all spec classes, apart from them so that they can nest."""

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from offline_teacher.drafting import container_specs as c
    from offline_teacher.drafting import relation_specs as r
    from offline_teacher.drafting import scalar_specs as s
    from offline_teacher.drafting import structure_specs as t

    ScalarSpec: TypeAlias = (
        s.IntSpec | s.FloatSpec | s.BoolSpec | s.TextSpec | s.WordsSpec | s.ChoiceSpec | s.ConstSpec
    )
    ContainerSpec: TypeAlias = (
        c.ListSpec
        | c.RowSpec
        | c.MatrixSpec
        | c.MapSpec
        | c.RecordSpec
        | t.GraphSpec
        | t.LinkedListSpec
        | t.TreeSpec
        | t.OperationsSpec
    )
    RelationSpec: TypeAlias = r.PlaceSpec | r.MemberSpec | r.LikeSpec
    Spec: TypeAlias = ScalarSpec | ContainerSpec | RelationSpec
