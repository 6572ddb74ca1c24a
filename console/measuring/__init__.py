"""How fair a sale was, in figures: from its public log, or from a crowd model."""
