"""What takes several passes is told as progress, not as failures."""

from __future__ import annotations

from tests.support.lives import DATA_PIPELINE
from tests.support.memory import reconciler, until


def _step(result, **settings):
    source = f"def handler(event, context):\n    return {result}\n"
    return {"name": "WriteOutput", "inline": {"code": source}, **settings}


def test_new_code_and_settings_of_a_step_are_progress_until_a_version_is_published(local_aws):
    pipeline, using = DATA_PIPELINE.small_one(steps=[_step(1)]), reconciler()
    until(pipeline, lambda: pipeline.ready, using, seconds=60)
    pipeline.events.clear()
    seen = []

    def done():
        seen.extend((r["address"], r["state"], r.get("message", "")) for r in pipeline.obj["status"]["resources"])
        assert "True" == pipeline.condition("Synced")["status"], pipeline.condition("Synced")
        return pipeline.ready

    pipeline.change(steps=[_step(2, memory=512)])
    until(pipeline, done, using, seconds=60)

    assert {"Ready", "Creating", "Updating", "Waiting"} >= {state for _, state, _ in seen}
    assert [] == [event for event in pipeline.events if event[0] == "Warning"]
    published = "the function is still being updated; a version is published then"
    assert ("Release/WriteOutput", "Updating", published) in seen
