"""Who comes to the box office: fans and organisers."""
