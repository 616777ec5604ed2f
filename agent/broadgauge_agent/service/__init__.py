"""Running the agent, or a test server, as a service of the operating system."""
