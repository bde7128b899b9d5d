from awslab.codegen.metrics_page import metrics_page


def test_every_metric_is_named_as_prometheus_shows_it():
    page = metrics_page()

    assert "| `awslab_aws_calls_total` | counter | `service`, `operation`, `code` |" in page
    assert "| `awslab_build_info` | info |" in page
    assert "| `awslab_pass_seconds` | histogram | `kind` |" in page
    assert "| `process_cpu_seconds_total` | counter |" in page


def test_our_own_metrics_come_before_those_of_the_process():
    page = metrics_page()

    assert page.index("awslab_workers_busy") < page.index("process_cpu_seconds_total")
