"""The front door: thin Flask. HTTP in; a service call or a task; HTML or JSON out."""
