"""The sub-commands of `fairticket`, one module each."""
