"""Whether schools have the devices that teaching, assessment and support take."""
