"""The tables that ship with the project: few, well known, safe to be without a newer one."""
