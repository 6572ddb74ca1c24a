"""Money: charged once, given back once, behind one interface."""
