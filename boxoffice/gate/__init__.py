"""The gate: who goes in and out, once each ticket, with the network or without."""
