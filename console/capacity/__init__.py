"""What a sale of any size needs, from measured figures: machines, stores, tables, money."""
