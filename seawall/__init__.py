"""The core: what a runbook, a plan and a journal are, and what may happen next. No network, no Prefect."""
