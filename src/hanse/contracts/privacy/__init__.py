"""Privacy budgets of datasets: how much differential privacy may spend, and what was spent."""
