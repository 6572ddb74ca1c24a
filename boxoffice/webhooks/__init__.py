"""What organisers' own systems are told: events of orders, tickets and sales, signed."""
