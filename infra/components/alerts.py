"""Who is told of what: the rules of `alerts.py`, a group of people, the budget, and the workbooks."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import pulumi
from pulumi_azure_native import applicationinsights, consumption, monitor

from infra import alerts, log_queries, naming, workbooks
from infra.alerts import MetricAlert, QueryAlert
from infra.components.retraining_alerts import retraining_group
from infra.components.site import Site, child_of
from infra.components.telemetry import Telemetry
from infra.months import this_month

SINGLE: Final = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"


@dataclass(frozen=True, slots=True)
class AlertsArgs:
    """emails: whoever is told. parts: resource ids of what there is, by `alerts.Part`."""

    site: Site
    emails: tuple[str, ...]
    telemetry: Telemetry
    parts: Mapping[str, pulumi.Input[str]]


class Alerts(pulumi.ComponentResource):
    """group_id: of those who are told."""

    def __init__(self, name: str, args: AlertsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:observability:Alerts", name, None, opts)
        self._name, self._site = name, args.site
        group = monitor.ActionGroup(
            f"{name}-people",
            resource_group_name=args.site.group,
            action_group_name=args.site.names.of("action_group", "people"),
            location="Global",
            group_short_name=f"mlops-{args.site.settings.environment}",
            enabled=True,
            email_receivers=[
                monitor.MicrosoftCommonEmailReceiverArgs(
                    name=f"person-{number}", email_address=email, use_common_alert_schema=True
                )
                for number, email in enumerate(args.emails, 1)
            ],
            tags=args.site.tags,
            opts=child_of(self),
        )
        self.group_id = group.id
        self._retrains = retraining_group(self, name, args.site)
        central = args.site.settings.telemetry.workspace_id is not None
        for query in alerts.QUERIES:
            if query.part is not None and query.part not in args.parts:
                continue
            if not central:
                self._query(query, args.telemetry, log_queries.from_the_first_day(query.query))
            elif query.estates:
                only = args.telemetry.application_insights_id.apply(partial(log_queries.only_of, query.query))
                self._query(query, args.telemetry, only.apply(log_queries.from_the_first_day))
        for metric in alerts.METRICS:
            if metric.part in args.parts:
                self._metric(metric, args.parts[metric.part])
        self.register_outputs({"group": group.id})

    def _query(self, alert: QueryAlert, telemetry: Telemetry, query: pulumi.Input[str]) -> None:
        site = self._site
        monitor.ScheduledQueryRule(
            f"{self._name}-{alert.key}",
            resource_group_name=site.group,
            rule_name=site.names.of("alert", alert.key),
            display_name=site.names.of("alert", alert.key),
            description=f"{alert.why}. What to do: {alerts.runbook(alert.key)}",
            location=site.location,
            kind="LogAlert",
            severity=alert.severity,
            enabled=True,
            auto_mitigate=True,
            check_workspace_alerts_storage_configured=False,
            skip_query_validation=False,
            scopes=[telemetry.log_analytics_id],
            evaluation_frequency=alert.every,
            window_size=alert.window,
            criteria=monitor.ScheduledQueryRuleCriteriaArgs(
                all_of=[
                    monitor.ConditionArgs(
                        query=query,
                        time_aggregation="Count",
                        operator="GreaterThan",  # ARM's word; the SDK's enum says "gt", which ARM refuses
                        threshold=0,
                        failing_periods=monitor.ConditionFailingPeriodsArgs(
                            number_of_evaluation_periods=1, min_failing_periods_to_alert=1
                        ),
                    )
                ]
            ),
            actions=monitor.ActionsArgs(action_groups=self._told(alert)),
            tags=site.tags,
            opts=child_of(self),
        )

    def _told(self, alert: QueryAlert) -> list[pulumi.Output[str]]:
        """The action groups of a rule: people, and what trains a new model where that may be the answer."""
        return [self.group_id, *([self._retrains] if alert.retrain and self._retrains else [])]

    def _metric(self, alert: MetricAlert, target: pulumi.Input[str]) -> None:
        site = self._site
        only = [
            monitor.MetricDimensionArgs(name=name, operator="Include", values=[value])
            for name, value in ([alert.dimension] if alert.dimension else [])
        ]
        monitor.MetricAlert(
            f"{self._name}-{alert.key}",
            resource_group_name=site.group,
            rule_name=site.names.of("alert", alert.key),
            description=f"{alert.why}. What to do: {alerts.runbook(alert.key)}",
            location="global",
            severity=alert.severity,
            enabled=True,
            auto_mitigate=True,
            scopes=[target],
            target_resource_type=alert.namespace,
            target_resource_region=site.location,
            evaluation_frequency=alert.every,
            window_size=alert.window,
            criteria=monitor.MetricAlertSingleResourceMultipleMetricCriteriaArgs(
                odata_type=SINGLE,
                all_of=[
                    monitor.MetricCriteriaArgs(
                        name=alert.key,
                        criterion_type="StaticThresholdCriterion",
                        metric_namespace=alert.namespace,
                        metric_name=alert.metric,
                        time_aggregation=alert.aggregation,
                        operator=alert.operator,
                        threshold=alert.threshold,
                        dimensions=only,
                    )
                ],
            ),
            actions=[monitor.MetricAlertActionArgs(action_group_id=self.group_id)],
            tags=site.tags,
            opts=child_of(self),
        )


@dataclass(frozen=True, slots=True)
class BudgetArgs:
    """scope: the resource group's id. monthly: what it may cost. people: id of the group that is told."""

    site: Site
    scope: pulumi.Input[str]
    monthly: int
    people: pulumi.Input[str] | None


class Budget(pulumi.ComponentResource):
    """The budget of the resource group; nothing is stopped when it is spent."""

    def __init__(self, name: str, args: BudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:observability:Budget", name, None, opts)
        told = args.site.settings.alerts
        consumption.Budget(
            name,
            scope=args.scope,
            budget_name=args.site.names.of("budget"),
            category="Cost",
            amount=args.monthly,
            time_grain="Monthly",
            time_period=consumption.BudgetTimePeriodArgs(start_date=this_month()),
            notifications={
                alert.key: consumption.NotificationArgs(
                    enabled=True,
                    operator="GreaterThanOrEqualTo",
                    threshold=alert.percent,
                    threshold_type="Forecasted" if alert.forecast else "Actual",
                    contact_emails=list(told.emails) if told else [],
                    contact_groups=[args.people] if args.people else [],
                    contact_roles=["Owner"],
                )
                for alert in alerts.BUDGET
            },
            # Azure changes no start, and takes none that has passed: it is set once.
            opts=child_of(self, ignore_changes=["timePeriod"]),
        )
        self.register_outputs({})


@dataclass(frozen=True, slots=True)
class WorkbooksArgs:
    site: Site
    telemetry: Telemetry


class Workbooks(pulumi.ComponentResource):
    """The pages of `workbooks.WORKBOOKS` over the estate's Log Analytics workspace."""

    def __init__(self, name: str, args: WorkbooksArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:observability:Workbooks", name, None, opts)
        site = args.site
        estate = f"{site.subscription_id}/{site.names.of('resource_group')}"
        telemetry = args.telemetry
        # Several estates write to central Log Analytics.
        only = telemetry.application_insights_id if site.settings.telemetry.workspace_id else None
        for book in workbooks.WORKBOOKS:
            content = only.apply(partial(workbooks.workbook_of, book.content)) if only else book.content
            applicationinsights.Workbook(
                f"{name}-{book.key}",
                resource_group_name=site.group,
                resource_name_=naming.workbook(estate, book.key),
                location=site.location,
                kind="shared",
                category="workbook",
                display_name=book.title,
                source_id=telemetry.log_analytics_id,
                serialized_data=pulumi.Output.all(content, telemetry.log_analytics_id).apply(_over),
                version="Notebook/1.0",
                tags=site.tags,
                opts=child_of(self),
            )
        self.register_outputs({})


def _over(both: list[str]) -> str:
    """A workbook's content, with the workspace that it asks."""
    content, workspace = both
    return json.dumps({**json.loads(content), "fallbackResourceIds": [workspace]})
