"""All commands of `mlops`, by subject."""

from ml.commands import (
    approve,
    batch,
    card,
    catalogue,
    collect,
    deploy,
    doctor,
    edge,
    features,
    fleet,
    forget,
    functions,
    key,
    labels,
    manifests,
    monitor,
    precomputed,
    promote,
    publish,
    push,
    quality,
    recover,
    release,
    rollback,
    schedule,
    score,
    status,
    sweep,
    train,
    trigger,
    undeploy,
    wheel,
)
from ml.terminal.program import Command, program

SUBJECTS: dict[str, dict[str, Command]] = {
    "The estate": {"doctor": doctor.command, "recover": recover.command},
    "Training, features, fleets": {
        "train": train.command,
        "sweep": sweep.command,
        "publish": publish.command,
        "card": card.command,
        "features": features,
        "fleet": fleet,
    },
    "Stage": {
        "deploy": deploy.command,
        "undeploy": undeploy.command,
        "key": key.command,
        "score": score.command,
    },
    "Release and production": {
        "release": release,
        "approve": approve.command,
        "manifests": manifests.command,
        "promote": promote.command,
        "rollback": rollback.command,
    },
    "Batches and predictions by key": {
        "batch": batch.command,
        "precomputed": precomputed,
        "schedule": schedule,
    },
    "What was answered, and labels": {
        "collect": collect.command,
        "labels": labels.command,
        "quality": quality.command,
        "push": push.command,
        "forget": forget.command,
        "catalogue": catalogue.command,
    },
    "On call, and the next training": {
        "status": status.command,
        "monitor": monitor.command,
        "trigger": trigger,
    },
    "Without a server": {"wheel": wheel.command, "edge": edge.command, "functions": functions},
}
"""What `mlops --help` shows, by subject."""

app = program(SUBJECTS)
