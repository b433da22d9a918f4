"""The running gateway of API Management at NAME.azure-api.net: APIs found, policies run, backends called."""
