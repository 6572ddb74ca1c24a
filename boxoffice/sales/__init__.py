"""One on-sale window of one performance: its prices, rules, state and appeals."""
