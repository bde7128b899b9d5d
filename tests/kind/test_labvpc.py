"""The end-to-end tests of LabVpc once more, on kind: image, chart, pod network and RBAC are all as users have them."""

from tests.e2e.test_labvpc import *  # noqa: F403 - each of its tests and fixtures
