"""Makes what is submitted to Azure ML: data, code, environment, and the pipeline or sweep of them."""
