"""Free text from outside in a tag: only base64, or a match of the whole against plain characters, takes it away."""

import pytest

from idag.lint import tags

RESULT = "tasks['a-b'].outputs.result"


@pytest.mark.parametrize(
    "text",
    [
        "{{workflow.failures}}",
        "{{lastRetry.message}}",
        "{{workflow.annotations.note}}",
        "{{steps.a.outputs.result}}",
        "{{='x' + workflow.failures}}",
        "{{=sprig.b64enc(workflow.failures) + workflow.failures}}",
        f"{{{{={RESULT} matches '^.*$' ? {RESULT} : 'none'}}}}",
        f"{{{{={RESULT} matches '^[^a]*$' ? {RESULT} : 'none'}}}}",
        f"{{{{={RESULT} matches '[a-z]+' ? {RESULT} : 'none'}}}}",
        f"{{{{={RESULT} matches '^[a-z{{]+$' ? {RESULT} : 'none'}}}}",
    ],
)
def test_free_text_is_found(text: str) -> None:
    assert [name for tag in tags.find(text) for name in tag.outside]


@pytest.mark.parametrize(
    "text",
    [
        "{{workflow.status}}",
        "{{workflow.labels.app}}",
        "{{tasks.a.outputs.parameters.urls}}",
        "{{=sprig.b64enc(workflow.failures)}}",
        f"{{{{={RESULT} matches '^[0-9a-f]{{40}}$' ? {RESULT} : 'none'}}}}",
    ],
)
def test_what_is_encoded_or_matched_is_not(text: str) -> None:
    assert not [name for tag in tags.find(text) for name in tag.outside]
