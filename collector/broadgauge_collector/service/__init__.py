"""Running the server as a service of the operating system."""
