"""What pages show, as pure functions of reports."""
