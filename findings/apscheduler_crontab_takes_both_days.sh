#!/usr/bin/env bash
# apscheduler 3.11.3 (with cronsim 2.8 and croniter 7.0.0 beside it).
# Expected: CronTrigger.from_crontab, which makes a trigger "from a standard crontab expression", fires when
# cron does: where a day of the month and a weekday are both given, on each day that is one of them.
# Seen: both have to hold. "0 6 13 * fri" fires three times in 2026 in place of 61 times, and "on the first
# and on each Monday" seldom enough that a model is not trained for months; no error, no warning. (That the
# numbers of weekdays begin at Monday is documented; that this differs is not.) One trigger for each of the
# two days, joined by OrTrigger, is what cron means.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
cd "$room"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check apscheduler==3.11.3 cronsim==2.8 croniter==7.0.0 \
    tzdata==2026.6
venv/bin/python -W ignore - 2>noise <<'PY' || { cat noise >&2; exit 1; }
from datetime import datetime, timezone
from itertools import takewhile

from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger
from croniter import croniter
from cronsim import CronSim

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
END = datetime(2027, 1, 1, tzinfo=timezone.utc)


def fired(trigger):
    moment = trigger.get_next_fire_time(None, START)
    while moment:
        yield moment
        moment = trigger.get_next_fire_time(moment, moment)


def crontab(expression):
    return CronTrigger.from_crontab(expression, timezone=timezone.utc)


def either(expression):
    minute, hour, day, month, weekday = expression.split()
    of_month, of_week = f"{minute} {hour} {day} {month} *", f"{minute} {hour} * {month} {weekday}"
    return OrTrigger([crontab(of_month), crontab(of_week)])


seen = []
for expression in ("0 6 13 * fri", "0 6 1 * mon", "0 6 13 * *", "0 6 * * mon-fri"):
    days = (croniter(expression, START).all_next(datetime), CronSim(expression, START))
    both = [*days, fired(crontab(expression)), fired(either(expression))]
    times = [len({*takewhile(lambda moment: moment < END, moments)}) for moments in both]
    seen.append(times)
    print(f"{expression}: croniter {times[0]}, cronsim {times[1]}, apscheduler {times[2]} times in 2026")
if any(times[0] != times[1] for times in seen) or [times[2] for times in seen] != [3, 1, 12, 261]:
    raise SystemExit("The behaviour has changed.")
if [times[0] for times in seen] != [61, 63, 12, 261] or any(times[3] != times[0] for times in seen[:2]):
    raise SystemExit("The behaviour has changed.")
PY
