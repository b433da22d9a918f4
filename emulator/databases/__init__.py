"""SQL, PostgreSQL, Cosmos DB and Redis in ARM: addresses and keys. No database runs behind them."""
