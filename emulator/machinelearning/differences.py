"""How this service is known to differ from Azure. `python -m emulator.docs` puts it on the page."""

from typing import Final

DIFFERENCES: Final = (
    "A job runs as a process of this machine, on one node, whatever the VM size is; it sees the files of it.",
    "Nodes of a cluster come and go at once; quotas are not counted.",
    "Sizes of instances and of shared memory, and the tier of a queue, are taken without effect.",
    "A step always runs: nothing is taken over from an earlier pipeline, with `force_rerun` or without.",
    "A pipeline inside another begins when all of its inputs are there.",
    "Of MLflow, tracking and artifacts are there; its model registry and its logged models are not.",
    "Runs that MLflow makes outside of jobs are seen through MLflow only, not among the jobs.",
    "A sweep samples at random or over a grid; a trial is worth the best value that it logged.",
    "A sweep fails when none of its completed trials has logged the primary metric.",
    "Inputs are copies, whatever their mode.",
    "For a curated environment a virtual one with its main libraries stands in; the job's log says which.",
    "A component that no job could run is refused when it is registered.",
    "A Spark job has at most 4 executors, each a process with one core and 1 GB, whatever its configuration.",
    "The packages of a Spark job are those of the installed Spark; it acts as its workspace.",
    "Schedules fire only while the emulator runs; minutes that it missed are not made up for.",
    "Batch endpoints run pipeline components; their deployments with a model are refused.",
    "The default deployment of a batch endpoint cannot be deleted, and a call with the name of a job that "
    "exists is refused; what Azure says then is not known.",
    "Settings and identities of steps are kept under a batch endpoint as in a pipeline job; that Azure keeps "
    "all of them there is not proven (queue settings are lost: Azure/azure-sdk-for-python#43039).",
    "A deleted workspace keeps its name for 14 days and can be recovered by nobody.",
)
