"""Step Functions: every call is ours, what a definition says is done by moto's interpreter."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from awslab.local.aws.modelled import Modelled
from awslab.local.aws.states import callbacks, executions, machines, versions
from awslab.local.aws.states.store import stores
from awslab.local.aws.world import make_current

if TYPE_CHECKING:
    from awslab.local.aws.call import Call
    from awslab.local.aws.world import World

ACTIONS = {
    "CreateStateMachine": machines.create,
    "UpdateStateMachine": machines.update,
    "DeleteStateMachine": machines.delete,
    "DescribeStateMachine": machines.describe,
    "ListStateMachines": machines.list_all,
    "ValidateStateMachineDefinition": machines.validate,
    "TagResource": machines.tag,
    "UntagResource": machines.untag,
    "ListTagsForResource": machines.list_tags,
    "PublishStateMachineVersion": versions.publish,
    "ListStateMachineVersions": versions.list_versions,
    "DeleteStateMachineVersion": versions.delete_version,
    "CreateStateMachineAlias": versions.create_alias,
    "UpdateStateMachineAlias": versions.update_alias,
    "DescribeStateMachineAlias": versions.describe_alias,
    "ListStateMachineAliases": versions.list_aliases,
    "DeleteStateMachineAlias": versions.delete_alias,
    "StartExecution": executions.start,
    "StartSyncExecution": executions.start_sync,
    "StopExecution": executions.stop,
    "DescribeExecution": executions.describe,
    "DescribeStateMachineForExecution": executions.describe_machine,
    "ListExecutions": executions.list_all,
    "GetExecutionHistory": executions.history,
    "SendTaskSuccess": callbacks.success,
    "SendTaskFailure": callbacks.failure,
    "SendTaskHeartbeat": callbacks.heartbeat,
}

NEED_INTERPRETER = frozenset(
    {
        "CreateStateMachine",
        "UpdateStateMachine",
        "ValidateStateMachineDefinition",
        "StartExecution",
        "StartSyncExecution",
    }
)


class StepFunctions(Modelled):
    """Answers the calls of Step Functions."""

    def __init__(self, world: World) -> None:
        super().__init__(world, "states", "stepfunctions", ACTIONS, unlocked=frozenset({"StartSyncExecution"}))
        make_current(world)
        world.changes.update(machines.CHANGES | executions.CHANGES)
        for _, _, store in stores(world):  # nothing runs over a restart
            for execution in store.executions.values():
                executions.abort(world, execution, error="States.Runtime", cause="The local AWS was stopped.")

    def prepare(self, call: Call) -> None:
        """Read the parameters, and load what takes seconds to load before the world's lock is held."""
        super().prepare(call)
        if call.action in NEED_INTERPRETER:
            importlib.import_module("awslab.local.aws.states.engine")
