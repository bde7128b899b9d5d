"""Load balancers, their listeners, and whether their targets are well."""

import pytest

rule = pytest.mark.rule


@pytest.fixture
def elb(aws):
    return aws.client("elbv2")


class Net:
    """Two public subnets and a private one, with groups that let a load balancer reach a server."""

    def __init__(self, aws):
        self.aws = aws
        self.vpc, self.igw, self.one = aws.public_network()
        self.two = aws.subnet(self.vpc, "10.0.2.0/24", "b")
        self.front, self.back = aws.group(self.vpc, "front"), aws.group(self.vpc, "back")
        self.opened = [
            {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": self.front}]}
        ]
        aws.ec2.authorize_security_group_ingress(GroupId=self.back, IpPermissions=self.opened)

    def balancer(self, elb, name="web", **more):
        wish = {"Subnets": [self.one, self.two], "SecurityGroups": [self.front]} | more
        return elb.create_load_balancer(Name=name, **wish)["LoadBalancers"][0]["LoadBalancerArn"]

    def group(self, elb, name="web", **more):
        wish = {"Protocol": "HTTP", "Port": 80, "VpcId": self.vpc} | more
        return elb.create_target_group(Name=name, **wish)["TargetGroups"][0]["TargetGroupArn"]

    def listener(self, elb, balancer, group, port=80):
        actions = [{"Type": "forward", "TargetGroupArn": group}]
        wish = {"Protocol": "HTTP", "Port": port, "DefaultActions": actions}
        return elb.create_listener(LoadBalancerArn=balancer, **wish)["Listeners"][0]["ListenerArn"]

    def server(self):
        made = self.aws.instance(self.two, SecurityGroupIds=[self.back])
        self.aws.tick(21)
        return made


@pytest.fixture
def net(aws):
    return Net(aws)


def health(elb, group):
    told = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return [(t["TargetHealth"]["State"], t["TargetHealth"].get("Reason")) for t in told]


@rule("balancer-name", "balancer-zones", "balancer-internet", "balancer-groups", "limit-load-balancers")
def test_a_load_balancer_that_cannot_be_is_refused(aws, net, elb, refused):
    other = aws.vpc("10.9.0.0/16")
    far = [aws.subnet(other, f"10.9.{n}.0/24", zone) for n, zone in enumerate("ab")]
    tiny = aws.subnet(net.vpc, "10.0.3.0/28", "c")
    twin = aws.subnet(net.vpc, "10.0.4.0/24", "b")
    for _ in range(4):
        aws.interface(tiny)

    for name in ("-web", "internal-web", "w" * 33, "w_b"):
        refused("ValidationError", net.balancer, elb=elb, name=name)
    refused("ValidationError", net.balancer, elb=elb, Subnets=[net.one])
    refused("InvalidConfigurationRequest", net.balancer, elb=elb, Subnets=[net.two, twin])
    refused("InvalidSubnet", net.balancer, elb=elb, Subnets=far, SecurityGroups=[])
    refused("InvalidSubnet", net.balancer, elb=elb, Subnets=[net.one, tiny])
    refused("InvalidSecurityGroup", net.balancer, elb=elb, SecurityGroups=[aws.group(other, "far")])
    net.balancer(elb)
    aws.world.settings.quotas = {"load-balancers": 1}
    refused("TooManyLoadBalancers", net.balancer, elb=elb, name="second")


@rule("balancer-once")
def test_the_same_load_balancer_is_made_once(net, elb, refused):
    first = net.balancer(elb)

    assert first == net.balancer(elb)
    refused("DuplicateLoadBalancerName", net.balancer, elb=elb, SecurityGroups=[])


@rule("balancer-provisioning", "balancer-released")
def test_a_load_balancer_takes_its_time_and_holds_its_network(aws, net, elb, refused):
    arn = net.balancer(elb)
    begun = elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]["State"]["Code"]
    aws.tick(121)

    assert "provisioning" == begun
    assert "active" == elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]["State"]["Code"]
    refused("DependencyViolation", aws.ec2.delete_subnet, SubnetId=net.one)
    refused("DependencyViolation", aws.ec2.detach_internet_gateway, InternetGatewayId=net.igw, VpcId=net.vpc)
    elb.delete_load_balancer(LoadBalancerArn=arn)
    elb.delete_load_balancer(LoadBalancerArn=arn)
    assert [] == elb.describe_load_balancers()["LoadBalancers"]
    refused("DependencyViolation", aws.ec2.delete_subnet, SubnetId=net.one)
    aws.tick(61)
    aws.ec2.delete_subnet(SubnetId=net.one)
    aws.ec2.detach_internet_gateway(InternetGatewayId=net.igw, VpcId=net.vpc)


@rule("balancer-moved")
def test_a_load_balancer_moves_to_other_subnets_and_groups(aws, net, elb):
    arn, three, group = net.balancer(elb), aws.subnet(net.vpc, "10.0.3.0/24", "c"), aws.group(net.vpc, "other")
    elb.set_subnets(LoadBalancerArn=arn, Subnets=[net.one, three])
    elb.set_security_groups(LoadBalancerArn=arn, SecurityGroups=[group])

    mine = [{"Name": "description", "Values": ["ELB app/web/*"]}]
    shown = aws.ec2.describe_network_interfaces(Filters=mine)["NetworkInterfaces"]

    assert {net.one, three} == {eni["SubnetId"] for eni in shown}
    assert {group} == {g["GroupId"] for eni in shown for g in eni["Groups"]}
    assert all(eni["RequesterManaged"] and eni["Association"]["PublicIp"] for eni in shown)


@rule("balancer-protected")
def test_a_protected_load_balancer_stays(net, elb, refused):
    arn = net.balancer(elb)
    on = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=on)

    refused("OperationNotPermitted", elb.delete_load_balancer, LoadBalancerArn=arn)


@rule("target-group-once", "target-group-in-use")
def test_a_target_group_is_made_once_and_goes_after_its_listener(net, elb, refused):
    group = net.group(elb)
    listener = net.listener(elb, net.balancer(elb), group)

    assert group == net.group(elb)
    refused("DuplicateTargetGroupName", net.group, elb=elb, Port=81)
    refused("ResourceInUse", elb.delete_target_group, TargetGroupArn=group)
    elb.delete_listener(ListenerArn=listener)
    elb.delete_target_group(TargetGroupArn=group)


@rule("target-registered")
def test_only_what_runs_in_the_network_can_be_a_target(aws, net, elb, refused):
    group = net.group(elb)
    other = aws.subnet(aws.vpc("10.9.0.0/16"), "10.9.1.0/24")
    young, far = aws.instance(net.two), aws.instance(other)

    def register(id_):
        elb.register_targets(TargetGroupArn=group, Targets=[{"Id": id_}])

    refused("InvalidTarget", register, id_=young)
    refused("InvalidTarget", register, id_="i-0123456789abcdef0")
    aws.tick(21)
    register(young)
    refused("InvalidTarget", register, id_=far)
    aws.ec2.terminate_instances(InstanceIds=[young])
    refused("InvalidTarget", register, id_=young)


@rule("target-health", "target-initial", "target-draining", "listener-target-groups-used")
def test_a_target_is_well_once_it_is_checked_and_can_be_reached(aws, net, elb):
    balancer, group, server = net.balancer(elb), net.group(elb), net.server()
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": server}])
    unused = health(elb, group)
    net.listener(elb, balancer, group)
    initial = health(elb, group)
    aws.tick(121)
    well = health(elb, group)
    aws.ec2.stop_instances(InstanceIds=[server])
    stopped = health(elb, group)
    elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": server}])
    elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": server}])

    assert [("unused", "Target.NotInUse")] == unused
    assert [("initial", "Elb.InitialHealthChecking")] == initial
    assert [("healthy", None)] == well
    assert [("unused", "Target.InvalidState")] == stopped
    assert [("draining", "Target.DeregistrationInProgress")] == health(elb, group)
    aws.tick(31)
    assert [] == health(elb, group)


ANY = {"Protocol": "-1", "CidrBlock": "0.0.0.0/0"}


def closed_group(aws, net):
    aws.ec2.revoke_security_group_ingress(GroupId=net.back, IpPermissions=net.opened)


def closed_front(aws, net):
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    aws.ec2.revoke_security_group_egress(GroupId=net.front, IpPermissions=everything)


def _with_acl(aws, net, subnet, *entries):
    acl = aws.acl(net.vpc)
    of_it = [{"Name": "association.subnet-id", "Values": [subnet]}]
    (before,) = aws.ec2.describe_network_acls(Filters=of_it)["NetworkAcls"]
    (association,) = (a["NetworkAclAssociationId"] for a in before["Associations"] if a["SubnetId"] == subnet)
    aws.ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)
    for number, entry in enumerate(entries, 100):
        aws.ec2.create_network_acl_entry(NetworkAclId=acl, RuleNumber=number, **entry)


def no_answers(aws, net):
    tcp = {"Protocol": "6", "CidrBlock": "0.0.0.0/0", "RuleAction": "allow", "Egress": True}
    _with_acl(
        aws,
        net,
        net.two,
        {**ANY, "RuleAction": "allow", "Egress": False},
        {**tcp, "PortRange": {"From": 32768, "To": 65535}},
    )


def denied_first(aws, net):
    http = {"Protocol": "6", "CidrBlock": "10.0.1.0/24", "PortRange": {"From": 80, "To": 80}}
    _with_acl(
        aws,
        net,
        net.two,
        {**http, "RuleAction": "deny", "Egress": False},
        {**ANY, "RuleAction": "allow", "Egress": False},
        {**ANY, "RuleAction": "allow", "Egress": True},
    )


@rule("target-health")
@pytest.mark.parametrize("close", [closed_group, closed_front, no_answers, denied_first])
def test_a_target_that_no_check_reaches_is_unhealthy(aws, net, elb, close):
    balancer, group, server = net.balancer(elb), net.group(elb), net.server()
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": server}])
    net.listener(elb, balancer, group)
    aws.tick(121)
    before = health(elb, group)

    close(aws, net)

    assert [("healthy", None)] == before
    assert [("unhealthy", "Target.Timeout")] == health(elb, group)


@rule("target-health")
def test_a_target_in_a_zone_without_load_balancer_is_unused(aws, net, elb):
    three = aws.subnet(net.vpc, "10.0.3.0/24", "c")
    balancer, group = net.balancer(elb), net.group(elb)
    server = aws.instance(three)
    aws.tick(121)
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": server}])
    net.listener(elb, balancer, group)

    assert [("unused", "Target.NotInUse")] == health(elb, group)


@rule("listener-port", "listener-targets")
def test_a_listener_has_a_port_of_its_own_and_targets_of_its_network(aws, net, elb, refused):
    balancer, group = net.balancer(elb), net.group(elb)
    listener = net.listener(elb, balancer, group)
    other = net.balancer(elb, "other")
    far = net.group(elb, "far", VpcId=aws.vpc("10.9.0.0/16"))

    refused("DuplicateListener", net.listener, elb=elb, balancer=balancer, group=group)
    refused("TargetGroupAssociationLimit", net.listener, elb=elb, balancer=other, group=group)
    refused("InvalidConfigurationRequest", net.listener, elb=elb, balancer=balancer, group=far, port=81)
    refused("TargetGroupNotFound", net.listener, elb=elb, balancer=balancer, group=f"{group}0", port=81)
    net.listener(elb, balancer, group, 81)
    refused("DuplicateListener", elb.modify_listener, ListenerArn=listener, Port=81)


@rule("balancer-tags")
def test_tags_are_asked_for_twenty_at_a_time_of_what_is_there(net, elb, refused):
    arn = net.balancer(elb, Tags=[{"Key": "a", "Value": "b"}])

    (told,) = elb.describe_tags(ResourceArns=[arn])["TagDescriptions"]

    assert [{"Key": "a", "Value": "b"}] == told["Tags"]
    refused("ValidationError", elb.describe_tags, ResourceArns=[arn] * 21)
    refused("LoadBalancerNotFound", elb.describe_tags, ResourceArns=[f"{arn}0"])
