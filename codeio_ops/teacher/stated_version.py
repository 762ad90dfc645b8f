"""What the embedded teacher says of itself: its version, by which its rows are known."""

from openai import APIConnectionError, APIStatusError, DefaultHttpxClient, OpenAI

from codeio_ops.config import Settings
from codeio_ops.errors import TeacherRefused, TeacherUnavailable
from codeio_ops.teacher.endpoint import ADDRESS_CURE, Endpoint
from codeio_ops.teacher.faults import fault_of, unknown_model

_TIMEOUT_S = 10.0


def stated_version(settings: Settings, endpoint: Endpoint) -> str:
    """Return the field `version` of the endpoint's model, as `/v1/models` lists it.

    Raises:
        TeacherUnavailable: nothing answers there, or only with server errors.
        TeacherRefused: it refuses the key, or has no such model with a version.
    """
    client = OpenAI(
        base_url=endpoint.base_url,
        api_key=endpoint.key.get_secret_value(),
        max_retries=settings.teacher_retries,
        timeout=_TIMEOUT_S,
        http_client=DefaultHttpxClient(trust_env=False),  # it is on loopback
    )
    try:
        with client:
            models = client.models.list().data
    except APIConnectionError as exc:
        raise TeacherUnavailable(
            f"no teacher answers at {endpoint.base_url}", cure=ADDRESS_CURE
        ) from exc
    except APIStatusError as exc:
        fault = fault_of(exc, endpoint)
        if isinstance(fault, TeacherRefused):
            raise fault from exc
        raise TeacherUnavailable(f"the teacher at {endpoint.base_url} fails: {fault}") from exc
    listed = {model.id: (model.model_extra or {}).get("version") for model in models}
    version = listed.get(endpoint.model)
    if not isinstance(version, str):
        raise unknown_model(endpoint)
    return version
