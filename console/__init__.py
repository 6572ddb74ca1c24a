"""The fairticket command and the embedded engines."""
