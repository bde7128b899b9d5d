"""How long AWS usually takes, in seconds: the one table that every delay comes from.

A world multiplies them by its time scale (1/100 unless told otherwise).
"""

USUAL_SECONDS: dict[str, float] = {
    "vpc-available": 1,
    "subnet-available": 1,
    "cidr-associated": 5,  # another block of a VPC
    "subnet-cidr-associated": 2,
    "peering-asked": 2,
    "peering-active": 3,
    "transit-attached": 60,
    "transit-detached": 60,
    "vpn-gateway-attached": 10,
    "vpn-gateway-detached": 10,
    "nat-available": 100,
    "nat-failed": 15,
    "nat-deleted": 60,
    "nat-forgotten": 3600,  # how long a deleted or failed one is still shown
    "instance-running": 20,
    "instance-stopped": 30,
    "instance-terminated": 40,
    "instance-forgotten": 3600,
    "endpoint-available": 60,  # of an interface endpoint; a gateway endpoint is there at once
    "endpoint-deleted": 60,
    "balancer-active": 120,
    "balancer-interface-gone": 60,  # after its load balancer
    "target-checked": 15,  # for the first time
    "target-drained": 30,
    "function-active": 5,
    "function-active-in-network": 60,
    "function-network-released": 600,
    "function-updated": 3,
    "profile-known": 10,  # how long EC2 refuses a new instance profile
    "role-assumable": 10,  # how long a new role cannot be assumed
    "event-retried": 60,  # how long an event waits whose function failed
    "event-retried-again": 120,
    "event-throttled": 5,
    "machine-deleted": 10,
    "alarms-evaluated": 60,
    "execution-forgotten": 7_776_000,  # 90 days after it ended
    "table-active": 10,
    "table-updated": 10,
    "table-deleted": 10,
    "tags-shown": 20,  # in the tagging API, after a change
    "query-answered": 3,  # of Logs Insights
    "queue-name-free": 60,  # after it was deleted
    "token-forgotten": 86_400,  # how long a ClientToken is remembered
}
