"""The local world itself: it comes up, several do, it ends without a trace, and it goes on where it was."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from awslab.local.errors import LocalWorldError
from awslab.local.kubernetes import operator_rbac_probe  # noqa: F401
from awslab.local.run import CommandError
from awslab.local.world import Options, World
from support.processes import processes_of

AWSLAB = (sys.executable, "-m", "awslab.cli")
VPC = "10.7.0.0/16"
