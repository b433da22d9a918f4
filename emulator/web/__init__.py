"""Microsoft.Web: App Service plans and apps. No app runs and no page is served."""
