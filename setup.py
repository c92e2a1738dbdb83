"""What setup.cfg cannot say: `buildbot-master` is the package `buildbot_master`. The rest is in setup.cfg."""
from setuptools import find_packages, setup

setup(packages=[
    *find_packages(include=["checks*", "trigger*", "runner*", "reporting*"]),
    "buildbot_master",
    *(f"buildbot_master.{name}" for name in find_packages("buildbot-master")),
])
