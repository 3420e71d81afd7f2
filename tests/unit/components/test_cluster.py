from tests.unit.recorder import Stack


def test_a_task_that_needs_more_than_it_has_shows_up(development: Stack):
    """Without Container Insights nobody sees that dbt runs at its memory limit (FSBP ECS.12)."""
    assert development.only("aws:ecs/cluster:Cluster")["settings"] == [{"name": "containerInsights", "value": "enabled"}]


def test_the_metrics_log_group_belongs_to_the_stack(development: Stack):
    """AWS would create it itself: unencrypted, without retention, and still there after a destroy."""
    cluster = development.only("aws:ecs/cluster:Cluster")["name"]
    groups = {group["name"] for group in development.all("aws:cloudwatch/logGroup:LogGroup").values()}

    assert f"/aws/ecs/containerinsights/{cluster}/performance" in groups
