"""The function app that starts trainings: a queue of events, alerts, the schedule, and what was left.

Each function reads what reached it, and hands it to ml.trigger, which decides and carries out. A function
that raises has its message delivered again; after five times the host puts it into `events-poison`.
"""

import json
import logging

import azure.functions as func

from ml.trigger import app as trigger
from ml.trigger.events import Malformed

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
LOG = logging.getLogger("retrain")


@app.function_name("events")
@app.queue_trigger(arg_name="message", queue_name="events", connection="AzureWebJobsStorage")
def events(message: func.QueueMessage) -> None:
    """Event Grid: a file has landed, or a model was registered."""
    try:
        told = message.get_json()
    except ValueError as error:
        raise Malformed("the message is no JSON") from error
    LOG.info("%s", trigger.from_queue(told))


@app.function_name("alerts")
@app.route(route="alerts", methods=[func.HttpMethod.POST])
def alerts(req: func.HttpRequest) -> func.HttpResponse:
    """Azure Monitor: an alert fired. Who calls was asked before, by the app's sign-in."""
    try:
        status, told = trigger.from_alert(req.get_json())
    except ValueError as error:
        status, told = 400, f"no alert of the common schema: {error}"
    LOG.info("%s", told)
    return func.HttpResponse(json.dumps({"told": told}), status_code=status, mimetype="application/json")


@app.function_name("schedule")
@app.timer_trigger(arg_name="timer", schedule="%RETRAIN_SCHEDULE%", run_on_startup=False, use_monitor=True)
def schedule(timer: func.TimerRequest) -> None:
    """The schedule's time has come."""
    LOG.info("%s", trigger.from_schedule())


@app.function_name("watch")
@app.timer_trigger(arg_name="timer", schedule="0 */5 * * * *", run_on_startup=False, use_monitor=False)
def watch(timer: func.TimerRequest) -> None:
    """Runs that were decided on and not called, and data that waited."""
    for told in trigger.from_watch():
        LOG.info("%s", told)
