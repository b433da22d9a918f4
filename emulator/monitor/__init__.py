"""Azure Monitor: Application Insights, Log Analytics, diagnostic settings, and the ingestion of telemetry."""
